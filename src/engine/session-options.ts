import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import { TaskvecError } from '../domain/errors.js'
import type { Device } from '../domain/numerics.js'

// Since 1.29 onnxruntime's official Linux builds send usage data to Microsoft and keep a device id in the user's cache, unless told not to
// before the first session.
process.env['ORT_DISABLE_TELEMETRY'] = '1'

/** One thread, in order: parallelism belongs between processes, and results must not depend on scheduling. */
const onCpu: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  // Some thirty sessions would each keep an arena of their own; malloc is shared by all of them.
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: 3,
}

export function sessionOptions(device: Device = 'cpu'): InferenceSession.SessionOptions {
  return device === 'cpu' ? onCpu : { ...onCpu, executionProviders: ['cuda', 'cpu'] }
}

/** What this machine can compute on. */
export function devicesHere(): Device[] {
  return missingForCuda().length === 0 ? ['cpu', 'cuda'] : ['cpu']
}

/** Throws MODEL where this machine has no such device, saying what was looked for and what to do. */
export function requireDevice(device: Device): void {
  if (device === 'cpu') return
  const missing = missingForCuda()
  if (missing.length > 0)
    throw new TaskvecError('MODEL', `device: cuda: this machine has ${missing.join(', and ')}`, {
      hint: 'Use device: cpu, or, on Linux x64 with an NVIDIA driver, CUDA 12 and cuDNN 9, fetch the provider: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --foreground-scripts',
    })
  // Else products would be rounded to TF32, 10 bits of 23.
  process.env['NVIDIA_TF32_OVERRIDE'] ??= '0'
}

function missingForCuda(): string[] {
  const provider = join(runtimeFolder(), 'libonnxruntime_providers_cuda.so')
  const gpu = '/proc/driver/nvidia/version'
  return [
    ...(existsSync(gpu) ? [] : [`no NVIDIA GPU and driver (${gpu} is not there)`]),
    ...(existsSync(provider) ? [] : [`no CUDA provider of onnxruntime (${provider} is not there)`]),
  ]
}

function runtimeFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node')
  return join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch)
}

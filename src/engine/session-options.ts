import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import { TaskvecError } from '../domain/errors.js'
import type { Device } from '../domain/numerics.js'

// Since 1.29, onnxruntime's official Linux builds send usage data to Microsoft and store a device id in the user's cache, unless this is
// set before the first session.
process.env['ORT_DISABLE_TELEMETRY'] = '1'

/** One thread, in order: parallelism belongs between processes, and results must not depend on scheduling. */
const onCpu: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  // Otherwise some thirty sessions would each keep an arena; all of them share malloc.
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: 3,
}

export function sessionOptions(device: Device = 'cpu'): InferenceSession.SessionOptions {
  return device === 'cpu' ? onCpu : { ...onCpu, executionProviders: ['cuda', 'cpu'] }
}

/** Devices available on this machine. */
export function devicesHere(): Device[] {
  return missingForCuda().length === 0 ? ['cpu', 'cuda'] : ['cpu']
}

/** Errors: MODEL if this machine lacks the device, with what is missing. */
export function requireDevice(device: Device): void {
  if (device === 'cpu') return
  const missing = missingForCuda()
  if (missing.length > 0)
    throw new TaskvecError('MODEL', `device: cuda: this machine has ${missing.join(', and ')}`, {
      hint: 'Use device: cpu, or, on Linux x64 with an NVIDIA driver, CUDA 12 and cuDNN 9, fetch the provider: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --foreground-scripts',
    })
  // Otherwise products would be rounded to TF32, which keeps 10 of 23 mantissa bits.
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

import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { identify } from '../architectures/catalog.js'
import { expectedTensors } from '../architectures/decoder-sizes.js'
import { loadTokenizer } from '../tokenizer/tokenizer.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { compareTensors, type TensorDifferences } from '../weights/compare-tensors.js'
import { fileHash } from '../weights/model-hash.js'
import { ggufFiles } from '../weights/gguf-parts.js'
import { openCheckpoint } from '../weights/open.js'
import { readManifest, type Manifest } from './manifest.js'

export interface ModelCheck extends TensorDifferences {
  readonly path: string
  readonly format: Checkpoint['format']
  readonly architecture: string
  /** N, so that L is 0..N-1. */
  readonly blocks: number
  readonly dModel: number
  readonly parameters: number
  /** Storage types of the tensors, for instance `Q4_1, F32`. */
  readonly weights: string
  readonly files: readonly FileCheck[]
  /** Decisions made for the user: see docs/model-files.md. */
  readonly warnings: readonly string[]
  /** Number of tensors that the architecture reads. */
  readonly tensors: number
  /** Whether nothing is missing, misshapen, unreadable or altered. */
  readonly ok: boolean
}

interface FileCheck {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
  /** Against what `models pull` recorded; null if there is no record. */
  readonly asRecorded: boolean | null
}

/**
 * Verifies a Hugging Face folder, one file of weights or a GGUF file without running it: headers, config, tokenizer, every tensor's name and
 * shape against the architecture, and recorded hashes. Errors: MODEL; WEIGHTS if it cannot be opened.
 */
export async function checkModel(path: string): Promise<ModelCheck> {
  const opened = await openCheckpoint(path)
  try {
    const { decoder, checkpoint, warnings } = identify(opened)
    const expected = expectedTensors(decoder)
    const tokenizer = loadTokenizer(checkpoint)
    const tensors = compareTensors(checkpoint, expected)
    const files = await checkFiles(checkpoint)
    return {
      path: checkpoint.path,
      format: checkpoint.format,
      architecture: decoder.family,
      blocks: decoder.blocks,
      dModel: decoder.dModel,
      parameters: sum([...expected.values()].map((dims) => dims.reduce((a, b) => a * b, 1))),
      weights: [...new Set([...checkpoint.tensors.values()].map(({ type }) => type))].join(', '),
      files,
      warnings: [...warnings, ...tokenizer.warnings],
      tensors: expected.size,
      ...tensors,
      ok:
        tensors.missing.length + tensors.misshapen.length + tensors.unreadable.length === 0 &&
        files.every(({ asRecorded }) => asRecorded !== false),
    }
  } finally {
    opened.close()
  }
}

async function checkFiles(checkpoint: Checkpoint): Promise<FileCheck[]> {
  const folder = checkpoint.format === 'gguf' ? dirname(checkpoint.path) : checkpoint.path
  const manifest = readManifest(folder)
  const recorded = manifest?.files.map(({ name }) => name) ?? []
  const used =
    checkpoint.format === 'gguf'
      ? ggufFiles(checkpoint.path).map((file) => basename(file))
      : readdirSync(folder).filter(isModelFile)
  const relevant = recorded.some((name) => used.includes(name)) ? [...new Set([...used, ...recorded])] : used
  return Promise.all(relevant.sort().map((name) => checkFile(folder, name, manifest)))
}

async function checkFile(folder: string, name: string, manifest: Manifest | null): Promise<FileCheck> {
  const file = join(folder, name)
  const record = manifest?.files.find((entry) => entry.name === name)
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat) return { name, bytes: 0, sha256: '', asRecorded: false }
  const sha256 = await fileHash(file)
  return { name, bytes: stat.size, sha256, asRecorded: record ? record.sha256 === sha256 : null }
}

function isModelFile(name: string): boolean {
  return /\.safetensors(\.index\.json)?$|^pytorch_model.*\.bin(\.index\.json)?$|^(config|tokenizer|tokenizer_config)\.json$/.test(
    name,
  )
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { type DecoderSpec } from '../architectures/decoder.js'
import { macs, tensorsOf } from '../architectures/decoder-sizes.js'
import { formatBytes } from '../domain/bytes.js'
import { TaskvecError } from '../domain/errors.js'
import type { NumericsMode } from '../domain/numerics.js'
import type { Checkpoint } from '../weights/checkpoint.js'

/**
 * How a model's weights are held: `packed`, in onnxruntime's layout in one session per block; `held`, as arrays that one session takes
 * as inputs; `streamed`, one block at a time, read from disk once per pass, as such arrays or, if quantised, as a session.
 */
export type Execution = 'packed' | 'held' | 'streamed'

export interface Plan {
  readonly execution: Execution
  /** Maximum number of items per streamed pass, whose residual streams are in memory besides the current block. */
  readonly itemsPerPass: number
  readonly memoryLimit: number
  /** Expected peak memory of the engine process without page cache, bytes. */
  readonly expectedMemory: number
  /** Bytes read from disk by one pass. */
  readonly readsPerPass: number
  /** The plan and its expected cost, as text. */
  readonly summary: string
}

/** Node, onnxruntime, tokenizer, attention masks and intermediate states of one chunk. */
const base = 500e6
/** Models with more bytes in f32 take weights as inputs, whatever the memory, so that results do not depend on the machine. */
const packedAtMost = 3e9
/** Scales included. */
export const bytesPerWeight: Readonly<Record<NumericsMode, number>> = {
  f32: 4,
  int8: 1.125,
  int4: 0.625,
  // Only weights that read an MLP's input have 8 bits: a third of a block or, gated, half of it.
  w8a8: 3,
}
/** A block's rows in one chunk, roughly, and the rate of a core, FLOP/s: for the expected time only. */
const rowsPerItem = 60
const rate = 70e9

export function plan(
  checkpoint: Checkpoint,
  decoder: DecoderSpec,
  memoryLimit = availableMemory(),
  numerics: NumericsMode = 'f32',
): Plan {
  const block = blockBytes(checkpoint, decoder, bytesPerWeight[numerics])
  const head = 4 * decoder.vocab * decoder.dModel
  const all = block.heldByAll + head
  const quantised = numerics !== 'f32'
  // Loading a session holds copies of a block: the graph's bytes, onnxruntime's parsed copy and the packed one.
  const loading = 2 * block.held + (quantised ? block.largest : 0)
  const needs = {
    packed: base + all + loading,
    held: base + all,
    // The current block, and the stored bytes of the next one.
    streamed: base + Math.max(block.held + block.stored + (quantised ? loading : 0), 1.3 * head),
  }
  const execution = choose()
  function choose(): Execution {
    if (needs.packed <= memoryLimit && (quantised || all <= packedAtMost)) return 'packed'
    return needs.held <= memoryLimit && !quantised ? 'held' : 'streamed'
  }
  const expected = needs[execution]
  if (expected > memoryLimit) {
    throw new TaskvecError(
      'MODEL',
      `${checkpoint.path}: one block at a time takes ${formatBytes(expected)}; the memory limit is ${formatBytes(memoryLimit)}`,
      { hint: 'Raise --memory-limit, use fewer --engines, or run it on a machine with more memory.' },
    )
  }
  const perItem = stateBytes(decoder.blocks, decoder.dModel)
  const itemsPerPass =
    execution === 'streamed'
      ? Math.max(16, Math.floor((memoryLimit - expected) / perItem / 16) * 16)
      : Infinity
  const readsPerPass = execution === 'streamed' ? block.storedByAll + head : 0
  const fullRow = decoder.layers.reduce((sum, layer) => sum + macs(layer).fullRow, 0)
  const seconds = (2 * fullRow * rowsPerItem * 16) / rate
  const how = {
    packed: 'in memory',
    held: 'in memory, weights as inputs',
    streamed: `streamed block by block, ${itemsPerPass} items a pass`,
  }[execution]
  const reads = execution === 'streamed' ? `, ${formatBytes(readsPerPass)} read from disk a pass` : ''
  return {
    execution,
    itemsPerPass,
    memoryLimit,
    expectedMemory: expected,
    readsPerPass,
    summary: `${how}: about ${formatBytes(expected)} of ${formatBytes(memoryLimit)}${reads}, about ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s for 16 items over all layers on one core`,
  }
}

/** An item's `resid_pre` and `resid_post` of one block, bytes. */
export function stateBytes(blocks: number, dModel: number): number {
  return 2 * 4 * (rowsPerItem + blocks) * dModel
}

/** Memory of this machine, or of the process's control group if less, bytes. */
export function availableMemory(): number {
  const limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'].map((file) => {
    try {
      return Number(readFileSync(file, 'utf8')) || Infinity // "max"
    } catch {
      return Infinity // another system
    }
  })
  return Math.min(totalmem(), ...limits)
}

/** Memory of the largest block's weights in `held` form, of its largest tensor in f32, of its tensors as they are stored; and of all blocks. */
function blockBytes(checkpoint: Checkpoint, decoder: DecoderSpec, perWeight: number) {
  const blocks = decoder.layers.map((_, layer) => {
    const tensors = blockTensors(decoder, layer)
    const values = tensors.map(([, dims]) => dims.reduce((a, b) => a * b, 1))
    return {
      held: perWeight * values.reduce((a, b) => a + b, 0),
      largest: 4 * Math.max(...values),
      stored: tensors.reduce((sum, [name]) => sum + (checkpoint.tensors.get(name)?.byteLength ?? 0), 0),
    }
  })
  const of = (size: keyof (typeof blocks)[number]) => blocks.map((block) => block[size])
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
  return {
    held: Math.max(...of('held')),
    largest: Math.max(...of('largest')),
    stored: Math.max(...of('stored')),
    heldByAll: sum(of('held')),
    storedByAll: sum(of('stored')),
  }
}

/** Names and shapes of the tensors of block `layer`. */
export function blockTensors(decoder: DecoderSpec, layer: number): [string, readonly number[]][] {
  return [...tensorsOf(decoder.layers[layer])]
}

import type { BlockSessions } from './block-sessions.js'
import { Captures } from './captures.js'
import { ComponentChunk } from './component-chunk.js'
import { isInner } from './edits.js'
import type { ComponentItem, ComponentsRequest, ComponentsResult } from './components.js'
import type { AnswerMetrics } from './engine.js'

/** Rows that pass through a block together: many, so that its weights are rarely read; few enough to fit the cache. */
const rowsPerChunk = 4096
const itemsPerChunk = 16
/** Limit for residual streams between two blocks, held twice. */
const bytesPerPass = 256e6

/** Layer-major: all chunks of a pass go through block 0, then block 1, so that a tapped block is loaded once per pass. */
export async function runComponents(
  sessions: BlockSessions,
  { items, capture }: ComponentsRequest,
  pause: (fraction: number) => Promise<void>,
): Promise<Omit<ComponentsResult, 'seconds'>> {
  const { blocks, dModel } = sessions.decoder
  const captures = capture && new Captures(sessions, capture, items)
  // All blocks or none, so that two kinds of block are never in memory at once.
  const tapped = capture !== undefined || items.some(({ branches }) => branches.flat().some(isInner))
  const own: AnswerMetrics[] = []
  const branches: AnswerMetrics[][] = []
  let macs = 0
  const passes = grouped(chunked(items), bytesPerPass, (chunk) => 8 * dModel * rowsOf(chunk))
  for (const [number, pass] of passes.entries()) {
    const chunks = pass.map((members) => new ComponentChunk(sessions, members, tapped))
    for (let layer = 0; layer < blocks; layer++) {
      let first = own.length
      for (const [i, chunk] of chunks.entries()) {
        await pause((number + (layer + i / chunks.length) / blocks) / passes.length)
        const lasts = await chunk.runBlock(layer)
        if (lasts) captures?.add(layer, first, lasts)
        first += pass[i]?.length ?? 0
      }
    }
    await (tapped ? sessions.leaveTapped() : sessions.leaveBlocks())
    for (const chunk of chunks) {
      const readings = await chunk.read()
      own.push(...readings.own)
      branches.push(...readings.branches)
      macs += chunk.macs
    }
  }
  return {
    ...{ own, branches, captured: captures?.result() ?? {} },
    heads: sessions.decoder.layers.map(({ attention }) => attention.heads),
    flops: 2 * macs,
  }
}

function chunked(items: readonly ComponentItem[]): ComponentItem[][] {
  return grouped(items, rowsPerChunk, (item) => rowsOf([item])).flatMap((chunk) =>
    Array.from({ length: Math.ceil(chunk.length / itemsPerChunk) }, (_, i) =>
      chunk.slice(i * itemsPerChunk, (i + 1) * itemsPerChunk),
    ),
  )
}

function rowsOf(items: readonly ComponentItem[]): number {
  return items.reduce((sum, { prompt, branches }) => sum + prompt.length + branches.length, 0)
}

/** Groups consecutive items up to a total size of `limit`, at least one per group. */
function grouped<Item>(items: readonly Item[], limit: number, size: (item: Item) => number): Item[][] {
  const groups: Item[][] = []
  let left = 0
  for (const item of items) {
    const last = groups.at(-1)
    if (last && size(item) <= left) last.push(item)
    else {
      groups.push([item])
      left = limit
    }
    left -= size(item)
  }
  return groups
}

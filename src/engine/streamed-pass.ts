import type { BlockSessions } from './block-sessions.js'
import type { PassCheckpoint } from './pass-checkpoint.js'
import type { ThetaResults } from './theta-results.js'
import type { WavefrontChunk } from './wavefront.js'

/**
 * Layer-major: all chunks go through block 0, then all through block 1, and so on, so that each block's weights are read once. The
 * arithmetic is the same as chunk by chunk. The residual streams are saved after every block, and a pass that finds them resumes there.
 */
export async function runStreamedPass(
  sessions: BlockSessions,
  chunks: readonly WavefrontChunk[],
  thetas: ThetaResults,
  checkpoint: PassCheckpoint | null,
  pause: (fraction: number) => Promise<void>,
): Promise<void> {
  const { blocks } = sessions.decoder
  const saved = checkpoint?.load() ?? null
  if (saved) {
    const [macs, theta, ...states] = saved.arrays
    thetas.restore(theta as Buffer)
    chunks.forEach((chunk, i) =>
      chunk.restore(saved.blocksDone, states[i] as Buffer, (macs as Buffer).readDoubleLE(8 * i)),
    )
  }
  for (let layer = saved?.blocksDone ?? 0; layer < blocks; layer++) {
    await sessions.enterBlock(layer)
    for (const [i, chunk] of chunks.entries()) {
      await pause((layer + i / chunks.length) / blocks)
      await chunk.runBlock(layer)
    }
    checkpoint?.save(layer + 1, [
      Float64Array.from(chunks, ({ macs }) => macs),
      thetas.state,
      ...chunks.map(({ states }) => states),
    ])
  }
  await sessions.leaveBlocks()
}

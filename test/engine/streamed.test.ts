import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { identify } from '../../src/architectures/catalog.js'
import { BlockSessions } from '../../src/engine/block-sessions.js'
import type { EvaluateItem } from '../../src/engine/engine.js'
import { LocalEngine, loadEngine } from '../../src/engine/local-engine.js'
import type { Execution } from '../../src/engine/planner.js'
import { BoundedFile } from '../../src/weights/bounded-file.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { largestDifference, tinyFolder, tinyModels } from '../golden/read.js'

const items = Array.from({ length: 40 }, (_, i): EvaluateItem => ({
  thetaPrompts: [
    [1, 2, 3, (i % 50) + 1, 9],
    [1, 2, 4, (i % 50) + 2, 7, 9],
  ],
  patchedPrompt: [(i % 50) + 3, 9],
  plainPrompts: [[1, 2, 3, (i % 50) + 3, 9]],
  answerToken: i,
}))
const layers = [0, 2]

/** The tiny model, held as told whatever its size. */
async function engineOf(
  execution: Execution,
  passFolder: string,
  itemsPerPass = 48,
  model = 'f16',
): Promise<LocalEngine> {
  const folder = tinyFolder(model)
  const { info, plan, ...packed } = await loadEngine(folder)
  const { decoder, checkpoint } = identify(await openCheckpoint(folder))
  const sessions = await BlockSessions.load(checkpoint, decoder, execution)
  const tokenizer = (packed as unknown as { tokenizer: never }).tokenizer
  return new LocalEngine(sessions, tokenizer, info, { ...plan, execution, itemsPerPass }, passFolder)
}

const newFolder = () => mkdtempSync(join(tmpdir(), 'taskvec-passes-'))

describe('streamed execution', () => {
  it.each(['mean', 'each'] as const)(
    'gives the bytes that weights held in memory give: θ %s',
    async (thetas) => {
      const request = { items, layers, thetas }
      const { seconds: _, ...held } = await (await engineOf('held', newFolder())).evaluate(request)
      for (const itemsPerPass of [16, 48]) {
        const folder = newFolder()
        const streamed = await engineOf('streamed', folder, itemsPerPass)
        for (let time = 0; time < 2; time++) {
          const { seconds: __, ...result } = await streamed.evaluate(request)
          expect(result).toEqual(held)
        }
        expect(readdirSync(folder)).toEqual([])
      }
    },
  )

  it.each(tinyModels)('%s: gives the bytes that weights held in memory give', async (model) => {
    const request = { items, layers, thetas: 'each' as const }
    const { seconds: _, ...held } = await (await engineOf('held', newFolder(), 48, model)).evaluate(request)
    const streamed = await (await engineOf('streamed', newFolder(), 16, model)).evaluate(request)
    expect({ ...streamed, seconds: 0 }).toEqual({ ...held, seconds: 0 })
    const packed = await (await engineOf('packed', newFolder(), 48, model)).evaluate(request)
    expect(largestDifference(streamed.thetas ?? [], packed.thetas ?? [])).toBeLessThan(1e-4)
  })

  it.each(['f16', 'bf16-sharded', 'gptj'])('%s: reads each byte of a weight once a pass', async (model) => {
    const engine = await engineOf('streamed', newFolder(), 48, model)
    const reads: { path: string; offset: number; length: number }[] = []
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the file as `this` below
    const { read, readAhead } = BoundedFile.prototype
    const spies = [
      vi.spyOn(BoundedFile.prototype, 'read').mockImplementation(function (
        this: BoundedFile,
        offset,
        length,
        what,
      ) {
        reads.push({ path: this.path, offset, length })
        return read.call(this, offset, length, what)
      }),
      vi.spyOn(BoundedFile.prototype, 'readAhead').mockImplementation(function (
        this: BoundedFile,
        offset,
        length,
        what,
      ) {
        reads.push({ path: this.path, offset, length })
        return readAhead.call(this, offset, length, what)
      }),
    ]
    await engine.evaluate({ items, layers })
    for (const spy of spies) spy.mockRestore()
    const { tensors } = await openCheckpoint(tinyFolder(model))
    for (const { name, file, offset, byteLength } of tensors.values()) {
      const inside = reads.filter(
        (read) => read.path === file && read.offset >= offset && read.offset < offset + byteLength,
      )
      const bytes = inside.reduce((sum, { length }) => sum + length, 0)
      // Of the embedding, the rows of the tokens at hand.
      if (/embed_tokens|wte/.test(name)) expect(bytes).toBeLessThan(byteLength)
      else expect([name, bytes]).toEqual([name, byteLength])
    }
  })

  it('predicts what packed weights predict', async () => {
    const packed = await (await engineOf('packed', newFolder())).evaluate({ items, layers })
    const streamed = await (await engineOf('streamed', newFolder())).evaluate({ items, layers })
    const values = ({ patched, plain }: typeof packed) =>
      [...patched, ...plain].flat().map(({ answerLogProb }) => answerLogProb)
    expect(largestDifference(values(streamed), values(packed))).toBeLessThan(1e-4)
  })

  it.each([1, 2])('resumes an interrupted pass after block %i', async (blocksDone) => {
    const folder = newFolder()
    const request = { items, layers, thetas: 'mean' as const }
    const { seconds: _, ...whole } = await (await engineOf('streamed', newFolder())).evaluate(request)
    const broken = await engineOf('streamed', folder)
    const controller = new AbortController()
    const running = broken.evaluate(request, {
      signal: controller.signal,
      onProgress: (fraction) => fraction >= (blocksDone + 0.3) / 3 && controller.abort(),
    })
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(readdirSync(folder)).toHaveLength(1)
    const again = await engineOf('streamed', folder)
    const entered: number[] = []
    const enter = again.sessions.enterBlock.bind(again.sessions)
    again.sessions.enterBlock = async (layer) => (entered.push(layer), enter(layer))
    const { seconds: __, ...result } = await again.evaluate(request)
    expect(result).toEqual(whole)
    expect(entered[0]).toBeGreaterThan(0)
  })
})

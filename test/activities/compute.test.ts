import { MockActivityEnvironment } from '@temporalio/testing'
import { describe, expect, it } from 'vitest'
import { createComputeActivities } from '../../activities/compute.js'
import { numericsJson } from '../../src/domain/identity.js'
import type { Numerics } from '../../src/domain/numerics.js'
import type { EngineProcess } from '../../src/engine/engine-process.js'

const numerics: Numerics = {
  ...{ mode: 'f32', runtime: 'r', threads: 1, itemsPerChunk: 16, revision: 1 },
  kernels: 'linux x64 avx2 aaaaaaaa',
}
const engine = { info: { modelHash: 'h', numerics } } as unknown as EngineProcess
const { describeModel } = createComputeActivities({ use: (_model, _signal, work) => work(engine) }).main
const describeHere = (settled: Readonly<Record<string, string | undefined>> | null) =>
  new MockActivityEnvironment().run(describeModel, {
    model: 'm',
    expected: settled && { hash: 'h', numerics: numericsJson({ ...numerics, ...settled }) },
  })

describe('a worker that describes its model', () => {
  it('settles its own kind of processor if none is settled', async () => {
    expect(await describeHere(null)).toEqual({ hash: 'h', numerics: numericsJson(numerics) })
  })

  it('returns the work if the results come from another kind, and names both', async () => {
    await expect(describeHere({ kernels: 'linux arm64 bbbbbbbb' })).rejects.toMatchObject({
      type: 'WORKER',
      nonRetryable: false,
      message: expect.stringMatching(
        /results of m come from another kind of processor \(kernels is linux x64 avx2 aaaaaaaa, not linux arm64 bbbbbbbb\)\n.*processors: any/,
      ) as string,
    })
  })

  it('computes for a sweep that accepts any kind, or started before kinds were recorded', async () => {
    const { kernels: _, ...any } = numerics
    expect(await describeHere({ kernels: undefined })).toEqual({ hash: 'h', numerics: numericsJson(any) })
  })

  it('does not take another set-up for another processor', async () => {
    await expect(describeHere({ weights: 'inputs' })).rejects.toMatchObject({
      message: expect.stringMatching(/numerics of m differ .*weights is not set, not inputs/) as string,
    })
  })
})

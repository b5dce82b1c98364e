import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openReadOnly } from '../../src/store/open.js'
import { openStore } from '../../src/store/store.js'
import { plannedLayers } from '../../src/sweep/planned-layers.js'
import { progressTotals } from '../../src/sweep/progress-totals.js'
import { SweepReading } from '../../src/sweep/sweep-reading.js'
import { newDatabase, runTask, sweep } from '../store/sample.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-totals-'))
afterAll(() => rmSync(folder, { recursive: true }))

const llama = { model_type: 'llama', architectures: ['LlamaForCausalLM'], num_hidden_layers: 4 }
writeFileSync(
  join(folder, 'config.json'),
  JSON.stringify({
    ...llama,
    ...{ hidden_size: 8, intermediate_size: 16, num_attention_heads: 2, vocab_size: 100, rms_norm_eps: 1e-5 },
  }),
)

function stored(layers: unknown, models: readonly (readonly [string, string])[]) {
  const file = newDatabase()
  const store = openStore(file)
  const config = JSON.stringify({ name: 'totals', layers })
  store.createSweep(sweep('totals-1', { config, models: models.map(([id, source]) => ({ id, source })) }))
  const db = openReadOnly(file)
  return { store, db, planned: () => Object.fromEntries(plannedLayers(db, 'totals-1')) }
}

const catalogued = ['pythia-mini-s', '/elsewhere'] as const
const local = ['m', folder] as const

describe('how many cells a sweep has, before its models are opened', () => {
  it('is known from the catalogue and from config.json, but not from other files', () => {
    const unknown = ['gguf', join(folder, 'no.gguf')] as const
    expect(stored('all', [catalogued, local, unknown]).planned()).toEqual({ 'pythia-mini-s': 6, m: 4 })
    expect(stored({ from: 1, to: 3 }, [catalogued, local]).planned()).toEqual({ 'pythia-mini-s': 3, m: 3 })
    expect(stored([0, 5], [catalogued, local]).planned()).toEqual({ 'pythia-mini-s': 2 })
  })

  it('is the same total from beginning to end', () => {
    const { store, db } = stored('all', [local, catalogued])
    const reading = new SweepReading(db, 'totals-1')
    const totals = () => reading.totals(reading.tasks())
    expect(totals()).toMatchObject({ cells: { done: 0, all: 2 * 4 + 2 * 6 }, share: 0 })
    runTask(store, 'totals-1', 'upper', [0, 2, 3, 3], 'm')
    expect(totals()).toMatchObject({ cells: { done: 4, all: 20 }, share: 0.2 })
  })

  it('leaves out a model of unknown depth, and estimates it for the share', () => {
    const { store, db } = stored('all', [local, ['gguf', join(folder, 'no.gguf')]])
    runTask(store, 'totals-1', 'upper', [0, 2, 3, 3], 'm')
    const reading = new SweepReading(db, 'totals-1')
    expect(reading.totals(reading.tasks())).toMatchObject({ cells: { done: 4, all: 8 }, share: 0.25 })
    expect(progressTotals([], { done: 0, all: 0 }, new Map()).share).toBe(0)
  })
})

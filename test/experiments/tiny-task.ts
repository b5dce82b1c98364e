import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Item } from '../../src/domain/types.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { makeTinyModel } from '../tiny-model.js'

/** The tiny model's engine, of random weights. */
export function loadTinyEngine(): Promise<LocalEngine> {
  return loadEngine(makeTinyModel(join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'tiny')))
}

/** An item of to_upper: a demonstration per letter of `inputs`; `before` stands before every word. */
export function upperItem(query: string, inputs: string, before = ''): Item {
  const upper = (word: string) => before + word.toUpperCase()
  return {
    demonstrations: [...inputs].map((input) => ({ input: before + input, output: upper(input) })),
    query: before + query,
    answer: upper(query),
    accept: [],
    dummyQueries: ['x', 'y'].map((word) => before + word),
  }
}

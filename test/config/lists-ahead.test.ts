import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dbOption } from '../../src/cli/options.js'
import { configFile } from '../../src/config/config-file.js'
import { findVectors } from '../../src/vectors/library.js'
import { modelRef } from '../../src/models/locate.js'
import { readListsAhead } from '../../src/config/lists-ahead.js'
import { loadSweeps } from '../../src/config/load.js'
import type { SweepConfig } from '../../src/config/sweep-config.js'
import { expanded } from '../../src/system/home.js'
import { startHub, type Hub } from '../models/hub.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-lists-'))
const pairs = [
  ['hot', 'cold', 'icy'],
  ['big', 'small', 'little'],
] as const

function parquet(): Buffer {
  const columnData = [
    { name: 'id', data: [1n, 2n], type: 'INT64' as const },
    { name: 'question', data: pairs.map(([x]) => x), type: 'STRING' as const },
    { name: 'answers', data: pairs.map(([, ...y]) => y), type: 'JSON' as const },
  ]
  return Buffer.from(parquetWriteBuffer({ columnData }))
}

const read: unknown[] = []
async function load(list: string, name = 'mine.yaml'): Promise<SweepConfig> {
  const file = join(folder, name)
  writeFileSync(file, `models: [m]\ntasks: [{id: t, list: ${list}, scoring: contains}]\n`)
  const ahead = await readListsAhead(file, [], {
    report: (event) => read.push(event),
    signal: new AbortController().signal,
  })
  return loadSweeps(file, ['m'], [], [], ahead)[0] as SweepConfig
}

const expected = pairs.map(([input, output, ...accept]) => ({ input, output, accept }))
const pairsOf = ({ tasks: [task] }: SweepConfig) => (task?.kind === 'list' ? task.pairs : null)

let hub: Hub
beforeAll(async () => {
  mkdirSync(join(folder, 'hub'))
  hub = await startHub(join(folder, 'hub'))
  process.env['HF_ENDPOINT'] = hub.url
  process.env['TASKVEC_HOME'] = join(folder, 'home')
})
afterAll(async () => {
  delete process.env['HF_ENDPOINT']
  delete process.env['TASKVEC_HOME']
  await hub.close()
  rmSync(folder, { recursive: true })
})

describe('a list', () => {
  it('may be a Parquet file, whose answers are lists', async () => {
    writeFileSync(join(folder, 'pairs.parquet'), parquet())
    const config = await load('pairs.parquet')
    expect(pairsOf(config)).toEqual(expected)
    expect(config.notes?.join()).toContain('not used: "id"')
  })

  it('that is not a Parquet file despite its name is refused with a hint', async () => {
    writeFileSync(join(folder, 'broken.parquet'), 'PAR1 and no more')
    await expect(load('broken.parquet')).rejects.toThrow(
      /broken.parquet: not a Parquet file that can be read/,
    )
    await expect(load('none.parquet')).rejects.toThrow(/none.parquet: no such file/)
  })

  it('may be a data set on the Hub, at a commit that is reported and fetched once', async () => {
    hub.files.set('data/train-00000-of-00001.parquet', parquet())
    hub.files.set('data/test-00000-of-00001.parquet', Buffer.from('x'))
    const config = await load('{dataset: test/tiny}')
    const commit = hub.revisions.get('main') ?? ''
    expect(pairsOf(config)).toEqual(expected)
    expect(config.notes?.join()).toContain(`revision: ${commit} pins it`)
    const asked = hub.tokens.length
    expect(pairsOf(await load(`{dataset: test/tiny, revision: ${commit}}`))).toEqual(expected)
    expect(hub.tokens.length).toBe(asked)
  })

  it('of a missing split, subset or data set is refused with what exists', async () => {
    await expect(load('{dataset: test/tiny, split: dev}')).rejects.toThrow(
      /no Parquet, JSON or CSV files of the split "dev"/,
    )
    await expect(load('{dataset: test/none}')).rejects.toThrow(/test\/none: answered 404/)
    hub.files.set('de/train.jsonl', Buffer.from('{"input": "a", "output": "b"}\n'))
    hub.files.set('fr/train.jsonl', Buffer.from('{"input": "c", "output": "d"}\n'))
    hub.files.delete('data/train-00000-of-00001.parquet')
    hub.revisions.set('main', createHash('sha1').update('next').digest('hex'))
    await expect(load('{dataset: test/tiny}')).rejects.toThrow(/has the split "train" in de, fr/)
    expect(pairsOf(await load('{dataset: test/tiny, subset: fr}'))).toEqual([
      { input: 'c', output: 'd', accept: [] },
    ])
  })

  it('may be a file, or a split of a data set, for each of train, dev and test', async () => {
    const line = (x: string) => `{"input": "${x}", "output": "y"}\n`
    for (const x of ['a', 'b']) writeFileSync(join(folder, `${x}.jsonl`), line(x))
    writeFileSync(join(folder, 'c.parquet'), parquet())
    const split = (config: SweepConfig) => pairsOf(config)?.map((pair) => [pair.input, pair.split])
    const files = await load('{train: c.parquet, dev: a.jsonl, test: b.jsonl}')
    expect(split(files)).toEqual([
      ['hot', 'train'],
      ['big', 'train'],
      ['a', 'dev'],
      ['b', 'test'],
    ])
    expect(files.notes?.join()).toContain('pairs by split: train 2, dev 1, test 1')
    for (const name of ['train', 'validation'])
      hub.files.set(`nl/${name}.jsonl`, Buffer.from(line(name) + line('both')))
    hub.revisions.set('main', createHash('sha1').update('third').digest('hex'))
    const parts = await load('{dataset: test/tiny, subset: nl, split: {train: train, test: validation}}')
    expect(split(parts)).toEqual([
      ['train', 'train'],
      ['both', 'test'],
      ['validation', 'test'],
    ])
    expect(parts.notes?.join()).toContain('1 inputs are in several splits')
    await expect(load('{train: a.jsonl, test: b.jsonl}, columns: {split: part}')).rejects.toThrow(
      /columns\.split.*the list already has one source per split/,
    )
    await expect(load('{train: a.jsonl, test: a.jsonl}')).rejects.toThrow(/train, dev and test must differ/)
    await expect(load('{train: a.jsonl}')).rejects.toThrow(/must be a file, \{train: FILE/)
  })

  it('may be under the home folder', () => {
    expect(expanded('~/x.csv')).toBe(`${homedir()}/x.csv`)
    expect(expanded('$HOME/x.csv')).toBe(`${homedir()}/x.csv`)
    expect(expanded('~')).toBe(homedir())
    expect(modelRef('~/none.gguf')).toEqual({ id: `${homedir()}/none.gguf` })
    expect(configFile('${HOME}/none.yaml')).toBe(`${homedir()}/none.yaml`)
    expect(() => findVectors('$HOME')).toThrow(homedir())
    expect(dbOption().parseArg?.('~/x.db', '')).toBe(`${homedir()}/x.db`)
    for (const same of ['~x/y', 'a/~/b', '$HOMES/x', '/x']) expect(expanded(same)).toBe(same)
  })
})

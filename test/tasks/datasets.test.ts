import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { Columns } from '../../src/tasks/columns.js'
import { jsonMembers } from '../../src/tasks/json-members.js'
import { readWordListFile } from '../../src/tasks/word-list-file.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-datasets-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const pair = (input: string, output: string, ...accept: string[]) => ({ input, output, accept })
const two = [pair('hot', 'cold'), pair('big', 'small')]

/** The list, and its notes without the file's name. */
function read(name: string, text: string, columns?: Columns) {
  const path = file(name, text)
  const { pairs, notes } = readWordListFile(path, { columns })
  return { pairs, notes: notes.map((note) => note.replace(`${path}: `, '')) }
}

function refusal(read: () => unknown): { message: string; hint?: string } {
  try {
    read()
  } catch (error) {
    return error as { message: string; hint?: string }
  }
  throw new Error('not refused')
}

describe('a list as public data sets have it', () => {
  it.each([
    ['output.json', '[{"input": "hot", "output": "cold"}, {"output": "small", "input": "big"}]'],
    ['target.json', '[{"source": "hot", "target": "cold"}, {"source": "big", "target": "small"}]'],
    ['xy.json', '[{"x": "hot", "y": "cold"}, {"x": "big", "y": "small"}]'],
    ['question.json', '[{"question": "hot", "answer": "cold"}, {"question": "big", "answers": ["small"]}]'],
    ['Capitals.json', '[{"Input": "hot", "Output": "cold"}, {"INPUT": "big", "OUTPUT": "small"}]'],
    [
      'wrapped.json',
      '{"examples": [{"input": "hot", "output": "cold"}, {"input": "big", "output": "small"}]}',
    ],
    [
      'numbered.json',
      '{"examples": {"1": {"input": "hot", "output": "cold"}, "2": {"input": "big", "output": "small"}}}',
    ],
    ['columns.json', '{"input": ["hot", "big"], "output": ["cold", "small"]}'],
    ['lines.jsonl', '{"input": "hot", "output": "cold"}\r\n\r\n["big", "small"]\r\n'],
    ['bom.jsonl', '\uFEFF{"input": "hot", "output": "cold"}\n{"input": "big", "output": "small"}'],
    ['output.csv', 'input,output\nhot,cold\nbig,small\n'],
    ['reversed.csv', 'output,input\ncold,hot\nsmall,big\n'],
    ['bom.csv', '\uFEFFinput,output\r\nhot,cold\r\nbig,small\r\n'],
    ['semicolons.csv', 'input;output\nhot;cold\nbig;small\n'],
    ['tabs.csv', 'question\tanswer\nhot\tcold\nbig\tsmall\n'],
    ['tabs.tsv', 'x\ty\nhot\tcold\nbig\tsmall\n'],
    ['old-mac.csv', 'input,output\rhot,cold\rbig,small\r'],
    ['lists.json', '[["hot", "cold"], ["big", "small"]]'],
    ['map.json', '{"hot": "cold", "big": ["small"]}'],
  ])('%s is read by its names, without a note', (name, text) => {
    expect(read(name, text)).toEqual({ pairs: two, notes: [] })
  })

  it.each([
    ['id.csv', 'id,input,output\n1,hot,cold\n2,big,small\n', 'not used: "id"'],
    ['index.csv', ',input,output\n0,hot,cold\n1,big,small\n', undefined],
    [
      'metadata.json',
      '[{"id": 1, "input": "hot", "output": "cold"}, {"id": 2, "input": "big", "output": "small"}]',
      'not used: "id"',
    ],
    [
      'described.json',
      '{"name": "antonyms", "data": [["hot", "cold"], ["big", "small"]]}',
      'not used: "name"',
    ],
  ])('%s has more columns, which are named', (name, text, note) => {
    expect(read(name, text)).toEqual({ pairs: two, notes: note === undefined ? [] : [note] })
  })

  it('takes answers as lists, numbers as they are written, and cells with quotes and line breaks', () => {
    expect(read('answers.json', '[{"input": "big", "output": ["small", "little", "small"]}]').pairs).toEqual([
      pair('big', 'small', 'little'),
    ])
    expect(read('numbers.json', '[{"x": 10, "y": 1e2}, {"x": "is", "y": true}]').pairs).toEqual([
      pair('10', '1e2'),
      pair('is', 'true'),
    ])
    const { pairs, notes } = read('lines.csv', 'input,output\n"say ""a"",\nthen b",c\nd,e\n')
    expect(pairs).toEqual([pair('say "a",\nthen b', 'c'), pair('d', 'e')])
    expect(notes).toEqual(['1 of 2 pairs contain a line break, which also separates demonstrations'])
  })

  it('keeps further columns after the answer as accepted answers if there is no header', () => {
    const { pairs, notes } = read('plain.csv', 'hot,cold\nbig,small,little|tiny\n')
    expect(pairs).toEqual([pair('hot', 'cold'), pair('big', 'small', 'little', 'tiny')])
    expect(notes).toEqual([
      'no header is known: line 1 is the pair "hot" -> "cold". If it is a header: columns: {input: hot, answer: cold}; ' +
        'if not, add columns: {input: 1, answer: 2}',
    ])
    expect(read('plain.csv', 'hot,cold\nbig,small\n', { input: 1, answer: 2 })).toEqual({
      pairs: two,
      notes: [],
    })
  })
})

describe('a list with lines of another width', () => {
  it.each([
    ['input,output\nhot,cold\nbig,small, tiny\n', 'taken as further accepted answers'],
    ['output,input\ncold,hot\nsmall,big,tiny\n', 'not used'],
  ])('%j is read, with a note on what is beyond its header', (text, what) => {
    const [note] = read('wide.csv', text).notes
    expect(note).toMatch(`1 of 2 lines have more columns than the header, ${what}; the first is line 3: "`)
  })

  it('is not asked about a column that does not exist', () => {
    const path = file('narrow.csv', 'input\nhot\nbig\n')
    const { message } = refusal(() => readWordListFile(path))
    expect(message).toBe(`${path}:1: only one column; two are needed: input, answer`)
  })
})

describe('a list whose columns are not known', () => {
  it.each([
    ['word,translation\nhot,cold\n', 1, 'columns: {input: word, answer: translation}'],
    ['english,french\nhot,cold\n', 1, 'columns: {input: english, answer: french}'],
    ['id,word,meaning\n1,hot,cold\n', 1, 'columns: {input: word, answer: meaning}'],
    ['input,translation\nhot,cold\n', 1, 'columns: {input: input, answer: translation}'],
    ['word_fr,word_en\nhot,cold\n', 1, 'columns: {input: word_fr, answer: word_en}'],
    ['question,answer,output\na,b,c\n', 1, 'columns: {input: question, answer: answer}'],
    ['1,hot,cold\n2,big,small\n', 1, 'columns: {input: 2, answer: 3}'],
  ])('%j is refused, with the line to add', (text, line, settles) => {
    const path = file('unknown.csv', text)
    const { message, hint } = refusal(() => readWordListFile(path))
    expect(message).toMatch(new RegExp(`^${path}:${line}: `))
    expect(hint).toContain(settles)
  })

  it('is read by the names or numbers that the config gives', () => {
    const csv = 'word,translation\nhot,cold\nbig,small\n'
    expect(read('words.csv', csv, { input: 'word', answer: 'Translation' })).toEqual({
      pairs: two,
      notes: [],
    })
    expect(read('words.csv', csv, { input: 1, answer: 2 }).pairs).toEqual([
      pair('word', 'translation'),
      ...two,
    ])
    const numbered = '1,hot,cold\n2,big,small\n'
    expect(read('numbered.csv', numbered, { input: 2, answer: 3 }).pairs).toEqual(two)
    const json = '[{"en": "hot", "fr": "cold", "also": ["icy"]}, {"en": "big", "fr": "small", "also": []}]'
    expect(read('words.json', json, { input: 'en', answer: 'fr', accept: 'also' }).pairs).toEqual([
      pair('hot', 'cold', 'icy'),
      pair('big', 'small'),
    ])
  })

  it('in JSON is one question, however many entries there are', () => {
    const path = file(
      'unknown.json',
      JSON.stringify([
        { en: 'hot', fr: 'cold' },
        { en: 'big', fr: 'small' },
      ]),
    )
    const { message, hint } = refusal(() => readWordListFile(path))
    expect(message).toBe(`${path}:1: which of "en", "fr" are input and answer? (so in 2 entries)`)
    expect(hint).toContain('columns: {input: en, answer: fr}')
  })

  it('suggests the nearest column if the config names a missing one', () => {
    const path = file('words.csv', 'word,translation\nhot,cold\n')
    expect(
      refusal(() => readWordListFile(path, { columns: { input: 'word', answer: 'translaton' } })).message,
    ).toBe(
      `${path}:1: columns: there is no "translaton" among "word", "translation"; did you mean "translation"?`,
    )
  })
})

it('a header in capitals is read by its names, with a note of how to make it a pair', () => {
  const text = 'Input,Output\nhot,cold\nbig,small\n'
  expect(read('capitals.csv', text)).toEqual({
    pairs: two,
    notes: ['line 1, "Input,Output", is read as the header; if it is a pair: columns: {input: 1, answer: 2}'],
  })
  expect(read('capitals.csv', text, { input: 1, answer: 2 }).pairs).toEqual([pair('Input', 'Output'), ...two])
})

describe('inputs given twice', () => {
  const text = 'input,output\nhot,cold\nbig,small\nhot,cold\nbig,little\n'

  it('are merged: repetitions counted, further answers accepted and named with their lines', () => {
    expect(read('twice.csv', text)).toEqual({
      pairs: [pair('hot', 'cold'), pair('big', 'small', 'little')],
      notes: [
        '1 of 4 entries repeat another one; each counts once',
        expect.stringContaining('1 inputs are given with different answers'),
      ],
    })
    expect(read('twice.csv', text).notes[1]).toContain('"big" is "small" on line 3 and "little" on line 5')
  })

  it('are refused by duplicates: refuse, each with both lines', () => {
    const path = file('twice.csv', text)
    expect(refusal(() => readWordListFile(path, { duplicates: 'refuse' })).message.split('\n')).toEqual([
      `${path}:4: "hot" is given twice; first on line 2`,
      `${path}:5: "big" is given twice; first on line 3`,
    ])
  })
})

describe('a list with splits of its own', () => {
  const rows = [
    ['a', 'A', 'train'],
    ['b', 'B', 'validation'],
    ['c', 'C', 'test'],
  ] as const
  const csv = ['word,upper,part', ...rows.map((row) => row.join())].join('\n')
  const named = { input: 'word', answer: 'upper', split: 'part' }
  const parts = [
    { ...pair('a', 'A'), split: 'train' },
    { ...pair('b', 'B'), split: 'dev' },
    { ...pair('c', 'C'), split: 'test' },
  ]

  it('has them in a column, by any of their usual names, and says how many there are', () => {
    const notes = ['pairs by split: train 1, dev 1, test 1']
    expect(read('parts.csv', csv, named)).toEqual({ pairs: parts, notes })
    const objects = rows.map(([x, y, split]) => ({ input: x, output: y, split }))
    const lines = objects.map((row) => JSON.stringify(row)).join('\n')
    expect(read('parts.jsonl', lines, { split: 'split' })).toEqual({ pairs: parts, notes })
    const lists = JSON.stringify({ x: ['a', 'b', 'c'], y: ['A', 'B', 'C'], fold: ['TRAIN', 'dev', 'test'] })
    expect(read('parts.json', lists, { split: 'fold' }).pairs).toEqual(parts)
    expect(
      read('headless.csv', csv.split('\n').slice(1).join('\n'), { input: 1, answer: 2, split: 3 }).pairs,
    ).toEqual(parts)
  })

  it('may use other names, and need not have dev', () => {
    const path = file('folds.csv', 'input,output,fold\na,A,0\nb,B,1\nc,C,2\n')
    const { pairs, notes } = readWordListFile(path, {
      columns: { split: 'fold' },
      splits: { train: ['0', '1'], test: ['2'] },
    })
    expect(pairs.map(({ split }) => split)).toEqual(['train', 'train', 'test'])
    expect(notes[0]).toContain('train 2, test 1; none in dev, so the best L is chosen on queries from train')
  })

  it.each([
    [
      'a,A,train\nb,B,extra\nc,C,test',
      /:3: the split "extra" is not one of train or .*; found: "train" \(1\), "extra" \(1\), "test" \(1\)/,
    ],
    ['a,A,train\nb,B,\n', /:3: the split "" is not one of/],
    ['a,A,train\nb,B,validation', /no pair is in the split "test"; found: "train" \(1\), "validation" \(1\)/],
    ['a,A,test', /no pair is in the split "train"/],
  ])('with %j is refused', (text, message) => {
    const path = file('wrong.csv', `word,upper,part\n${text}\n`)
    expect(refusal(() => readWordListFile(path, { columns: named })).message).toMatch(message)
  })

  it('without a pair of a split that the config names is refused', () => {
    const path = file('folds.csv', 'word,upper,part\na,A,0\nb,B,1\n')
    const splits = { train: ['0'], dev: ['3'], test: ['1'] }
    const { message } = refusal(() => readWordListFile(path, { columns: named, splits }))
    expect(message).toContain('no pair is in the split "dev"; found: "0" (1), "1" (1)')
  })

  it('uses an input that several of them have in the one that is held out most', () => {
    const { pairs, notes } = read('leak.csv', `${csv}\na,A,test\nd,D,train\n`, named)
    expect(pairs.map(({ split }) => split)).toEqual(['test', 'dev', 'test', 'train'])
    expect(notes.join()).toContain('1 inputs are in several splits ("a")')
  })
})

it('a nested member is a column under its path; in a list of objects, one value of each object', () => {
  const lines = [
    { id: 1, q: { text: 'hot' }, answers: { text: ['cold', 'icy'], start: [0, 1] } },
    { id: 2, q: { text: 'big' }, answers: { text: ['small'], start: [0] } },
  ]
  const jsonl = lines.map((line) => JSON.stringify(line)).join('\n')
  const expected = [pair('hot', 'cold', 'icy'), pair('big', 'small')]
  expect(read('squad.jsonl', jsonl, { input: 'q.text', answer: 'answers.text' })).toEqual({
    pairs: expected,
    notes: ['not used: "id"'],
  })
  const listed = [
    { x: 'hot', a: [{ t: 'cold' }, { t: 'icy' }] },
    { x: 'big', a: [{ t: 'small' }] },
  ]
  expect(read('listed.json', JSON.stringify(listed), { answer: 'a.t' }).pairs).toEqual(expected)
  const nested = file('nested.jsonl', jsonl)
  expect(refusal(() => readWordListFile(nested, { columns: { input: 'q.text' } })).hint).toContain(
    'Its members are "text", "start"; give the path of one: columns: {answer: KEY.text}',
  )
  const path = file('none.jsonl', '{"x": "hot", "a": {"t": "cold"}}')
  expect(refusal(() => readWordListFile(path, { columns: { answer: 'a.s' } })).message).toContain(
    'columns: there is no "a.s" among "x", "a"',
  )
})

it('entries with a blank input or answer are refused, with the way to skip and count them', () => {
  const path = file('blank.csv', 'input,output\nhot,cold\nup,\n,x\nbig,small\n')
  expect(refusal(() => readWordListFile(path)).hint).toContain('blanks: skip')
  expect(readWordListFile(path, { blanks: 'skip' })).toEqual({
    pairs: two,
    notes: [`${path}: 2 of 4 entries are left out, as their input or answer is blank`],
  })
})

it('members of any JSON value are found where JSON.parse finds them', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (array, object) => {
      for (const space of [undefined, 1]) {
        const list = JSON.stringify(array, null, space)
        expect(
          jsonMembers(list, 0).map(({ start, end }) => JSON.parse(list.slice(start, end)) as unknown),
        ).toEqual(JSON.parse(list))
        const map = JSON.stringify(object, null, space)
        const entries = jsonMembers(map, 0).map(({ key, start, end }) => [
          key?.text,
          JSON.parse(map.slice(start, end)) as unknown,
        ])
        expect(entries).toEqual(Object.entries(JSON.parse(map) as object))
      }
    }),
  )
})

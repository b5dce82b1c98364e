import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readItemsFile, scanItemsFile } from '../../src/tasks/items-file.js'
import { readWordListFile, scanWordListFile } from '../../src/tasks/word-list-file.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-lists-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** The lines of the error that it throws. */
function linesOf(read: () => unknown): string[] {
  try {
    read()
  } catch (error) {
    return (error as Error).message.split('\n')
  }
  return []
}

const pair = (input: string, output: string, ...accept: string[]) => ({ input, output, accept })

describe('a word list', () => {
  it.each([
    ['plain.csv', 'hot,cold\nbig,small,little', [pair('hot', 'cold'), pair('big', 'small', 'little')]],
    ['header.csv', 'input,answer,accept\r\nhot,cold,chilly|icy\r\n', [pair('hot', 'cold', 'chilly', 'icy')]],
    ['bom.csv', '\uFEFFhot, cold\n\n', [pair('hot', 'cold')]],
    ['quoted.csv', '"a,b",b\n', [pair('a,b', 'b')]],
    ['tabs.tsv', 'c,a\tc\n', [pair('c,a', 'c')]],
    [
      'map.json',
      '{"hot": "cold", "big": ["small", "little", "small"]}',
      [pair('hot', 'cold'), pair('big', 'small', 'little')],
    ],
    [
      'list.json',
      '[{"input": "hot", "answer": "cold", "accept": ["icy"]}, ["big", "small", "little"]]',
      [pair('hot', 'cold', 'icy'), pair('big', 'small', 'little')],
    ],
    ['nfc.csv', 'e\u0301te\u0301,summer\n', [pair('été', 'summer')]],
    [
      'proto.json',
      '{"__proto__": "x", "constructor": "y"}',
      [pair('__proto__', 'x'), pair('constructor', 'y')],
    ],
  ])('%s is read', (name, text, pairs) => {
    expect(readWordListFile(file(name, text)).pairs).toEqual(pairs)
  })

  it.each([
    ['one.csv', 'hot,cold\nbig\n', 'one.csv:2: only one column'],
    ['blank.csv', 'hot,cold\nbig, \n', 'blank.csv:2: the answer is blank'],
    ['quote.csv', 'hot,cold\n"big,small\n', 'quote.csv:2: not CSV'],
    ['object.json', '[["one",\n {"is": 1}]]', 'object.json:2: a text, or a list of texts, is expected here'],
    [
      'key.json',
      '[{"input": "hot",\n "anser": "cold"}]',
      'key.json:2: unknown key "anser"; did you mean "answer"?',
    ],
    ['broken.json', '{"hot": "cold",\n}', 'broken.json:2: not JSON'],
    ['scalar.json', '"hot"', 'must be a map'],
    ['empty.csv', '', 'no pairs in it'],
    ['latin1.csv', Buffer.from('\xe9t\xe9,summer', 'latin1'), 'not UTF-8 text'],
  ])('%s is refused', (name, text, message) => {
    expect(() => readWordListFile(file(name, text))).toThrow(message)
  })

  const bad = 'hot,cold\n,warm\n"big,small\nup,down\nleft\nlow, \nhot,icy\nin"n,out\nthe,end\n'

  it('reports every problem, in the order of its lines, with the first hint', () => {
    const path = file('many.csv', bad)
    const refused = () => readWordListFile(path, { duplicates: 'refuse' })
    const lines = linesOf(refused)
    const texts = [
      '2: the input is blank',
      '3: not CSV: ',
      '5: only one column; two are needed: input, answer',
      '6: the answer is blank',
      '7: "hot" is given twice; first on line 1',
      '8: not CSV: ',
    ]
    expect(lines).toHaveLength(texts.length)
    texts.forEach((text, i) => {
      expect(lines[i]).toContain(`${path}:${text}`)
    })
    expect(refused).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Separate them by commas') as unknown }),
    )
  })

  it('with more than twenty problems, the first are named, and how to see the others', () => {
    const wrong = Array.from({ length: 25 }, (_, i) => `{"input": "d", "anser${i}": "e"}`)
    const lines = linesOf(() => readWordListFile(file('unlike.json', `[["a", "b"],\n${wrong.join(',\n')}]`)))
    expect(lines).toHaveLength(21)
    expect(lines.at(-1)).toMatch(
      /unlike.json: \d+ more problems; taskvec tasks check .*unlike.json lists all$/,
    )
  })

  it('with one problem in many lines, the first are named, and their number', () => {
    const lines = linesOf(() => readWordListFile(file('blank-lines.csv', 'x,\n'.repeat(25))))
    expect(lines).toEqual([expect.stringMatching(/blank-lines.csv:1: .* \(25 lines: 1, 2, 3, \.\.\.\)$/)])
  })

  it('in JSON has every wrong entry named too', () => {
    const text =
      '[["a", "b"],\n["c", {}],\n{"input": "d", "anser": "e", "acept": "f"},\n["g", ""],\n["h", "i"]]'
    const { pairs, problems } = scanWordListFile(file('many.json', text))
    expect(pairs.map(({ line }) => line)).toEqual([1, 5])
    expect(problems.map(({ line, text }) => `${line} ${text}`)).toEqual([
      '2 a text, or a list of texts, is expected here',
      '3 unknown key "anser"; did you mean "answer"?',
      '3 unknown key "acept"; did you mean "accept"?',
      '4 the answer is blank',
    ])
  })

  it('is read as before around a broken line: the scan has the pairs of all other lines', () => {
    const { pairs } = scanWordListFile(file('many.csv', bad))
    expect(pairs.map(({ line, pair: { input } }) => [line, input])).toEqual([
      [1, 'hot'],
      [4, 'up'],
      [7, 'hot'],
      [9, 'the'],
    ])
  })

  it('that is missing is named', () => {
    expect(() => readWordListFile(join(folder, 'none.csv'))).toThrow('none.csv: no such file')
  })
})

describe('an items file', () => {
  const line = (changes: object) =>
    JSON.stringify({
      split: 'test',
      demonstrations: [{ input: ' a', output: ' b ' }],
      query: ' c',
      answer: ' d',
      dummyQueries: [' e', 'f'],
      ...changes,
    })

  it('is used exactly as written, spaces included, in its order', () => {
    const items = readItemsFile(
      file(
        'items.jsonl',
        [line({}), '', line({ split: 'dev', answer: ['d', 'D '] }), line({ query: 'q' })].join('\r\n'),
      ),
    )
    expect(items.test.map(({ query }) => query)).toEqual([' c', 'q'])
    expect(items.test[0]).toEqual({
      demonstrations: [{ input: ' a', output: ' b ' }],
      query: ' c',
      answer: ' d',
      accept: [],
      dummyQueries: [' e', 'f'],
    })
    expect(items.dev[0]).toMatchObject({ answer: 'd', accept: ['D '] })
    expect(items.baseline).toEqual([])
  })

  it('takes baseline lines with and without demonstrations as [x, ->]', () => {
    const items = readItemsFile(
      file('baseline.jsonl', `${line({ split: 'baseline' })}\n{"split":"baseline","query":"x","answer":"y"}`),
    )
    expect(items.baseline.map(({ query }) => query)).toEqual([' c', 'x'])
    for (const { demonstrations, dummyQueries } of items.baseline)
      expect([demonstrations, dummyQueries]).toEqual([[], []])
  })

  it.each([
    ['not JSON', ':2: not JSON'],
    [line({ split: 'train' }), ':2: split: must be baseline, dev or test'],
    [line({ answer: ' ' }), ':2: answer: must not be blank'],
    [line({ answer: ['a', ''] }), ':2: answer[1]: must not be blank'],
    [line({ answer: 3 }), ':2: answer: must be a string, or a list'],
    [line({ answer: [] }), ':2: answer: must not be empty'],
    [line({ dummyQueries: [] }), ':2: dummyQueries: at least one is needed'],
    [line({ quary: 'x' }), ':2: unknown key "quary"; did you mean "query"?'],
    [
      line({ demonstrations: [{ input: 'a', output: 'b', outputs: 'c' }] }),
      ':2: unknown key "outputs"; did you mean "output"?',
    ],
    [line({ demonstrations: [{ input: 'a' }] }), ':2: demonstrations[0].output: is missing'],
    [line({ query: 3 }), ':2: query: must be text, not a number: put it in quotes'],
    ['[]', ':2: must be a map {key: value}, not a list'],
  ])('with %s is refused', (wrong, message) => {
    expect(() => readItemsFile(file('wrong.jsonl', `${line({})}\n${wrong}`))).toThrow(`wrong.jsonl${message}`)
  })

  it('suggests no key that is known elsewhere only', () => {
    const wrong = file('elsewhere.jsonl', line({ output: 'x' }))
    expect(() => readItemsFile(wrong)).toThrow(/unknown key "output"$/)
  })

  it('with several wrong lines has all of them named; the scan has the items of the other ones', () => {
    const path = file('several.jsonl', ['{', line({}), line({ quary: 1, answer: '' }), line({})].join('\n'))
    const { items, problems } = scanItemsFile(path)
    expect(items.test).toHaveLength(2)
    expect(problems.map(({ line }) => line)).toEqual([1, 3, 3])
    expect(linesOf(() => readItemsFile(path))).toHaveLength(3)
  })
})

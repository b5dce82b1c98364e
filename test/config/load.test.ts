import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadSweeps } from '../../src/config/load.js'
import { sweepId, type SweepConfig } from '../../src/config/sweep-config.js'
import { projectRoot } from '../../src/system/home.js'
import { builtinTaskIds } from '../../src/tasks/registry.js'

const known = ['smollm2-135m', 'llama-7b', 'gpt-j-6b']
const folder = mkdtempSync(join(tmpdir(), 'taskvec-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

mkdirSync(join(folder, 'weights'))
writeFileSync(join(folder, 'my.csv'), 'hot,cold\nbig,small\n')
const item = (split: string) =>
  JSON.stringify({
    split,
    demonstrations: [{ input: 'a', output: 'b' }],
    query: 'c',
    answer: 'd',
    dummyQueries: ['e'],
  })
writeFileSync(
  join(folder, 'my.jsonl'),
  ['baseline', 'dev', 'dev', 'test', 'test', 'test'].map(item).join('\n'),
)
writeFileSync(join(folder, 'only-test.jsonl'), item('test'))

function load(text: string, name = 'mine.yaml') {
  const file = join(folder, name)
  writeFileSync(file, text)
  return loadSweeps(file, known)[0] as SweepConfig
}

describe('a model by path that is not on this machine', () => {
  const file = join(folder, 'absent.yaml')
  writeFileSync(file, 'models: [{id: x, path: none}, {id: y, path: weights}]\ntasks: all')

  it('is refused, with what to do if other machines have it', () => {
    expect(() => loadSweeps(file, known, ['y'])).toThrow(
      expect.objectContaining({
        code: 'CONFIG',
        hint: 'If only other machines have it: --elsewhere x here, taskvec worker --models x=PATH there.',
      }),
    )
  })

  it('is accepted if --elsewhere names it; the sweep is the same as with the file', () => {
    const [absent] = [['x'], ['all']].map((elsewhere) => loadSweeps(file, known, elsewhere)[0])
    expect(absent?.models).toContainEqual({ id: 'x', path: join(folder, 'none') })
    mkdirSync(join(folder, 'none'))
    const [present] = loadSweeps(file, known)
    rmSync(join(folder, 'none'), { recursive: true })
    expect(absent && present && sweepId(absent) === sweepId(present)).toBe(true)
  })
})

describe('a model of a repository', () => {
  const repo = 'EleutherAI/pythia-70m'

  it('is named by its revision; several revisions are several models', () => {
    const text = `models: [{id: p, repo: ${repo}, revision: [step1000, refs/pr/2]}, {id: q, repo: ${repo}}]\ntasks: all`
    expect(load(text).models).toEqual([
      { id: 'p-step1000', repo, revision: 'step1000' },
      { id: 'p-refs-pr-2', repo, revision: 'refs/pr/2' },
      { id: 'q', repo, revision: 'main' },
    ])
  })

  it('is the same sweep whatever commit it started with', () => {
    const sweep = load(`models: [{id: q, repo: ${repo}}]\ntasks: all`)
    const begun = { ...sweep, models: sweep.models.map((model) => ({ ...model, commit: 'a'.repeat(40) })) }
    expect(sweepId(begun)).toBe(sweepId(sweep))
  })

  it.each([
    [`{id: q, repo: ${repo}, path: x}`, /takes only one of path and repo/],
    ['{id: q, path: x, revision: main}', /revision.*needs a repo/],
    ['{id: q, repo: pythia}', /must be a repository on Hugging Face, owner\/name/],
    [`{id: q, repo: ${repo}, revision: ../main}`, /must be a branch, a tag or a commit/],
    [`{id: q, repo: ${repo}, revision: [a, a]}`, /"q-a" is given twice/],
  ])('%s is refused', (model, message) => {
    expect(() => load(`models: [${model}]\ntasks: all`)).toThrow(message)
  })
})

describe('a config', () => {
  it("needs only models and tasks; the defaults are those of the authors' published run", () => {
    const config = load('models: [smollm2-135m]\ntasks: all\n')
    expect(config).toMatchObject({
      name: 'mine',
      models: [{ id: 'smollm2-135m' }],
      layers: 'all',
      layersPerActivity: 'all',
      experiments: ['main'],
    })
    expect(config.protocol).toEqual({
      seed: 41,
      demonstrations: 5,
      dummyQueries: 2,
      dummyMayBeDemonstration: true,
      testItems: 50,
      devItems: 50,
      baselineItems: 100,
    })
    expect(config.tasks.map(({ id }) => id)).toEqual(builtinTaskIds)
  })

  it('of the README is read, with paths relative to its folder, lists and items inside', () => {
    const config = load(`
name: example
seed: 41
models: [smollm2-135m, {id: mine, path: weights}]
tasks: [algorithmic_to_upper, {id: my_list, list: my.csv, scoring: exact}, {id: my_items, items: my.jsonl, scoring: prefix}, {id: linguistic_antonyms, top: 100}]
experiments: [main]
demonstrations: 1
dummyQueries: 1
layers: {from: 10, to: 19}
layersPerActivity: 4
`)
    expect(config.models[1]).toEqual({ id: 'mine', path: join(folder, 'weights') })
    expect(config.tasks[0]).toEqual({ kind: 'builtin', id: 'algorithmic_to_upper' })
    expect(config.tasks[1]).toMatchObject({
      kind: 'list',
      scoring: 'exact',
      singleToken: true,
      pairs: [{ input: 'hot', output: 'cold' }, { input: 'big' }],
    })
    expect(config.tasks[2]).toMatchObject({ kind: 'items', scoring: 'prefix' })
    expect(config.tasks[3]).toEqual({ kind: 'builtin', id: 'linguistic_antonyms', top: 100 })
    expect([config.layers, config.layersPerActivity]).toEqual([{ from: 10, to: 19 }, 4])
  })

  it('takes all explicit items if it sets no number, else the first n', () => {
    const counts = (settings: string) => {
      const [task] = load(`models: [llama-7b]\ntasks: [{id: x, items: my.jsonl}]\n${settings}`).tasks
      if (task?.kind !== 'items') throw new Error('not items')
      return [task.items.baseline.length, task.items.dev.length, task.items.test.length]
    }
    expect(counts('')).toEqual([1, 2, 3])
    expect(counts('testItems: 2\ndevItems: 1\n')).toEqual([1, 1, 2])
  })

  it.each([
    [
      'testItem: 3\nmodels: [llama-7b]\ntasks: all',
      ':1:1: testItem: unknown key "testItem"; did you mean "testItems"?',
    ],
    [
      'models: [llama-7b]\ntasks: all\nseed: many',
      ':3:1: seed: must be a whole number, at least 0, or a list of them',
    ],
    ['models: [llama-7b]\ntasks: all\nseed: 1.5', ':3:1: seed: '],
    ['models: [llama-7b]\ntasks: all\ndevItems: 0', ':3:1: devItems: must be at least 1'],
    ['tasks: all', ':1:1: models: is missing'],
    ['models: []\ntasks: all', ':1:1: models: must not be empty'],
    ['models: llama-7b\ntasks: all', ':1:1: models: must be a list, not text'],
    [
      'models: [llama-7B]\ntasks: all',
      ':1:10: models[0]: unknown model "llama-7B"; did you mean "llama-7b"?',
    ],
    ['models: [{id: x, path: none}]\ntasks: all', ':1:18: models[0].path: no such file or folder'],
    [
      'models: [{id: x, pth: none}]\ntasks: all',
      ':1:18: models[0].pth: unknown key "pth"; did you mean "path"?',
    ],
    ['models: [llama-7b, llama-7b]\ntasks: all', ':1:20: models[1]: "llama-7b" is given twice'],
    ['models: [llama-7b]\ntasks: al', ':2:1: tasks: must be all or a list of tasks'],
    [
      'models: [llama-7b]\ntasks:\n  - algorithmic_to_uper',
      ':3:5: tasks[0]: unknown task "algorithmic_to_uper"; did you mean "algorithmic_to_upper"?',
    ],
    [
      'models: [llama-7b]\ntasks: [{id: x, list: my.csv, scoring: fuzzy}]',
      ':2:31: tasks[0].scoring: must be exact, prefix, first-token, contains, normalised, f1, chrf, {f1: 0.8}',
    ],
    [
      'models: [llama-7b]\ntasks: [{id: x, list: my.csv, scoring: {regex: "("}}]',
      'tasks[0].scoring: not a regular expression: (',
    ],
    ['models: [llama-7b]\ntasks: all\nanswer: {maxTokens: 0}', 'answer.maxTokens'],
    [
      'models: [llama-7b]\ntasks: [{id: x, list: my.csv, items: my.jsonl}]',
      ':2:9: tasks[0]: takes only one of list, items and top',
    ],
    [
      'models: [llama-7b]\ntasks: [{id: algorithmic_to_upper, scoring: exact}]',
      'tasks[0].scoring: a built-in task has a fixed scoring rule',
    ],
    ['models: [llama-7b]\ntasks: [{id: x, list: none.csv}]', 'none.csv: no such file'],
    ['models: [llama-7b]\ntasks: [{id: a/b, list: my.csv}]', 'tasks[0].id: must be letters, digits'],
    [
      'models: [llama-7b]\ntasks: [{id: x, items: my.jsonl}]\ntestItems: 4',
      ':3:1: testItems: 4 asked for, but my.jsonl has 3 "test" items',
    ],
    ['models: [llama-7b]\ntasks: [{id: x, items: only-test.jsonl}]', 'only-test.jsonl has no "dev" items'],
    ['models: [llama-7b]\ntasks: all\nlayers: [3, 1, 3]', ':3:16: layers[2]: layer 3 is given twice'],
    [
      'models: [llama-7b]\ntasks: all\nlayers: {from: 5, to: 2}',
      ':3:1: layers: from (5) is greater than to (2)',
    ],
    ['models: [llama-7b]\ntasks: all\nlayers: {from: 5}', ':3:1: layers.to: is missing'],
    ['models: [llama-7b]\ntasks: all\nlayers: [-1]', ':3:10: layers[0]: must be at least 0'],
    ['models: [llama-7b]\ntasks: all\nexperiments: [mian]', ':3:15: experiments[0]: must be main'],
    ['models: [llama-7b\ntasks: all', ':2:1: not YAML'],
    ['a: 1\na: 2', ':2:1: this key is given twice'],
    ['models: [llama-7b]\ntasks: all\n---\na: 1', ':3:1: a second document begins here (---)'],
    ['', ':1:1: is empty, but must be a map {key: value}'],
    ['models:\ntasks: all', ':1:1: models: is empty, but must be a list'],
    ['models: [llama-7b]\ntasks: all\nname: 12', ':3:1: name: must be text, not a number: put it in quotes'],
    [
      `models: [llama-7b]\ntasks: all\nname: ${'x'.repeat(81)}`,
      ':3:1: name: must have at most 80 characters',
    ],
    ['models: [llama-7b]\ntasks: all\ntestItems: 2.5', ':3:1: testItems: must be a whole number'],
    ['models: [llama-7b]\ntasks: all\ndummyMayBeDemonstration: no', ': must be true or false, not text'],
    ['models: [llama-7b]\ntasks: all\nstoreThetas: no', ':3:1: storeThetas: must be best, all or each'],
    [
      'models: [llama-7b]\ntasks: all\nanswer: {maxtokens: 8}',
      ':3:10: answer.maxtokens: unknown key "maxtokens"; did you mean "maxTokens"?',
    ],
    ['models: [llama-7b]\ntasks: [{id: x, list: my.csv, scoring: {f1: 0}}]', 'f1: must be greater than 0'],
    ['models: [llama-7b]\ntasks: [{id: x, list: my.csv, label: ""}]', 'tasks[0].label: must not be empty'],
    [
      'models: [{id: x, repo: a/b, revision: 5}]\ntasks: all',
      'models[0].revision: must be a branch, a tag or a commit, or a list of them, in quotes',
    ],
    [
      'models: [llama-7b]\ntasks: [{id: x, list: my.csv, columns: {split: {column: s, train: [0, 1], test: "2"}}}]',
      'columns.split.train[0]: must be text, not a number: put it in quotes',
    ],
    [
      'models: [llama-7b]\ntasks: [{id: x, list: my.csv, columns: {split: {column: s, train: [a, B], test: b}}}]',
      'columns.split: "b" means more than one split',
    ],
    [
      'models: [llama-7b]\ntasks: [{id: x, list: my.csv, label: "a\\nb"}]',
      'tasks[0].label: must be one line, without control characters',
    ],
    ['models: [../x]\ntasks: all', ':1:10: models[0]: unknown model "../x"'],
    ['models: [llama-7b]\ntasks: [my.csv]', ':2:9: tasks[0]: unknown task "my.csv"'],
  ])('%j is refused', (text, message) => {
    expect(() => load(text)).toThrow(message)
  })

  it('that is not UTF-8 is refused, as its letters would be others', () => {
    const file = join(folder, 'latin1.yaml')
    writeFileSync(file, Buffer.from('models: [llama-7b]\ntasks: all\nprompt: {prefix: "\xe9"}', 'latin1'))
    expect(() => loadSweeps(file, [])).toThrow(`${file}: not UTF-8 text`)
  })

  it('names every wrong key at once', () => {
    expect(() => load('modles: [llama-7b]\ntasks: all\nsed: 3')).toThrow(
      /did you mean "models"\?\n.*did you mean "seed"\?\n.*models: is missing/,
    )
  })

  it('that is an alias bomb, too large or missing is refused', () => {
    const levels = Array.from(
      { length: 8 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`,
    )
    expect(() => load(['a0: &a0 [x]', ...levels].join('\n'))).toThrow('Excessive alias count')
    expect(() => load(`#${' '.repeat(1_000_001)}`)).toThrow('a config has at most')
    expect(() => loadSweeps(join(folder, 'none.yaml'), known)).toThrow('none.yaml: no such file')
    expect(() => loadSweeps(folder, known)).toThrow('not a file')
  })

  it('with a list too large for any workflow is refused', () => {
    writeFileSync(
      join(folder, 'huge.csv'),
      Array.from({ length: 40_000 }, (_, i) => `word${i},answer${i}${'x'.repeat(300)}`).join('\n'),
    )
    expect(() => load('models: [llama-7b]\ntasks: [{id: x, list: huge.csv}]')).toThrow(
      /takes 1\d\.\d MB; a task may take at most 12.0 MB/,
    )
  })
})

describe('the id of a sweep', () => {
  const text = 'name: s\nmodels: [llama-7b]\ntasks: [algorithmic_to_upper]\n'

  it('is the name and a hash of what the config means, not of how or where it is written', () => {
    const id = sweepId(load(text))
    expect(id).toMatch(/^s-[0-9a-f]{8}$/)
    expect(sweepId(load(`# said otherwise\nseed: 41\n${text}`, 'elsewhere.yaml'))).toBe(id)
  })

  it.each([
    'seed: 42',
    'testItems: 51',
    'layers: [1]',
    'layersPerActivity: 2',
    'dummyMayBeDemonstration: false',
    'numerics: w8a8',
    'device: cuda',
  ])('changes with %s', (change) => {
    expect(sweepId(load(text + change))).not.toBe(sweepId(load(text)))
  })

  it.each(['numerics: f32', 'device: cpu', 'memoryLimit: 2GB'])('does not change with %s', (change) => {
    expect(sweepId(load(text + change))).toBe(sweepId(load(text)))
  })

  it('asks for numerics, a device and memory', () => {
    const config = load(`${text}numerics: int8\nmemoryLimit: 1500MB\n`)
    expect([config.mode, config.memoryLimit]).toEqual([{ numerics: 'int8' }, 1.5e9])
    expect(load(`${text}device: cuda\n`).mode).toEqual({ numerics: 'f32', device: 'cuda' })
    expect(() => load(`${text}device: cuda\nnumerics: int4\n`)).toThrow(/device: .*cpu only: "int4"/)
    expect(() => load(`${text}numerics: f16\n`)).toThrow(/numerics/)
    for (const size of ['much', '0', '-1GB'])
      expect(() => load(`${text}memoryLimit: ${size}\n`)).toThrow(/memoryLimit: .*8GB/)
  })

  it('has whole answers if it says so, ended by a newline', () => {
    const whole = load(`${text}answer: {maxTokens: 8}\n`)
    expect(whole.protocol.answer).toEqual({ maxTokens: 8, stop: ['\n'] })
    expect(load(text).protocol).not.toHaveProperty('answer')
    expect(sweepId(whole)).not.toBe(sweepId(load(text)))
    expect(sweepId(whole)).not.toBe(sweepId(load(`${text}answer: {maxTokens: 8, stop: [".", "\\n"]}\n`)))
  })

  it("changes with a word list's contents", () => {
    const withList = text.replace('algorithmic_to_upper', '{id: l, list: l.csv}')
    writeFileSync(join(folder, 'l.csv'), 'hot,cold\n')
    const before = sweepId(load(withList))
    writeFileSync(join(folder, 'l.csv'), 'hot,icy\n')
    expect(sweepId(load(withList))).not.toBe(before)
  })
})

describe('the configs that come with taskvec', () => {
  const catalog = [
    'llama-mini-s',
    'llama-mini-m',
    'llama-mini-l',
    'gptj-mini',
    'pythia-mini-s',
    'pythia-mini-m',
    'pythia-mini-l',
    'smollm2-135m',
    'smollm2-135m-q4',
    'llama-7b',
    'llama-13b',
    'llama-30b',
    'gpt-j-6b',
    'pythia-2.8b',
    'pythia-6.9b',
    'pythia-12b',
  ]

  it.each([
    ['quickstart', 7, 50, 50, 100],
    ['smollm2', 1, 50, 50, 100],
    ['paper', 7, 100, 400, 100],
  ])(
    '%s: %i models, %i dev, %i test and %i baseline items, all tasks and layers',
    (name, models, dev, test, baseline) => {
      const config = loadSweeps(join(projectRoot(), 'configs', `${name}.yaml`), catalog)[0] as SweepConfig
      expect(config).toMatchObject({
        name,
        layers: 'all',
        protocol: { devItems: dev, testItems: test, baselineItems: baseline },
      })
      expect(config.models).toHaveLength(models)
      expect(config.tasks).toHaveLength(18)
    },
  )
})

describe('experiments of a config', () => {
  const head = 'models: [smollm2-135m]\ntasks: all\n'

  it('are names, alone or with settings, all defaults filled in', () => {
    const { experiments } = load(
      `${head}experiments: [main, robustness: {thetas: 7}, projection, beyond: {layerTransfer: false, templateTransfer: ['{x} is'], demonstrationSets: [3]}]`,
    )
    expect(experiments).toEqual([
      'main',
      { experiment: 'robustness', demonstrations: 4, thetas: 7, devItems: 50, layers: null },
      { experiment: 'projection', top: 100 },
      {
        experiment: 'beyond',
        items: 50,
        demonstrationSets: [3],
        multiContext: true,
        layerTransfer: null,
        templateTransfer: ['{x} is'],
        addition: true,
        decodability: { thetas: 20 },
      },
    ])
  })

  it("have the paper's five pairs, and a sweep of the main one keeps the id that it always had", () => {
    const { experiments } = load(`${head}experiments: [main, conflicting]`)
    expect(experiments[1]).toMatchObject({ demonstrations: 4, items: 100 })
    expect((experiments[1] as unknown as { pairs: unknown[] }).pairs).toHaveLength(5)
    expect(sweepId(load(head, 'same.yaml'))).toBe(sweepId(load(`${head}experiments: [main]`, 'same.yaml')))
    expect(load(head)).not.toHaveProperty('group')
  })

  it('include the main one, on which the others build, whether it is named or not', () => {
    const named = load(`${head}experiments: [main, mediation: {items: 5}, robustness]`, 'same.yaml')
    const unnamed = load(`${head}experiments: [mediation: {items: 5}, robustness]`, 'same.yaml')
    expect(sweepId(unnamed)).toBe(sweepId(named))
  })

  it.each([
    ['experiments: [main, main]', /"main" is given twice/],
    ['experiments: [main, robustnes]', /must be main, robustness, .* or thetas/],
    ['experiments: [main, robustness: {theta: 5}]', /unknown key "theta"; did you mean "thetas"/],
    ['experiments: [main, robustness: {layers: {from: 9, to: 3}}]', /from \(9\) is greater than to \(3\)/],
    ['experiments: [main, beyond: {templateTransfer: [no place]}]', /must contain \{x\} once/],
    ['experiments: [main, conflicting: {pairs: [[a]]}]', /experiments/],
    ['seed: 1\nseeds: [1, 2]', /seeds: cannot be combined with "seed"/],
    ['seeds: [1, 1]', /seed 1 is given twice/],
  ])('with errors are refused: %s', (text, message) => {
    expect(() => load(`${head}${text}`)).toThrow(message)
  })

  it.each([
    ['demonstrations: [1, 1]', /demonstrations\[1\]: 1 is given twice/],
    ['demonstrations: []', /demonstrations/],
    ['prompts: [arow]', /unknown prompt "arow"; did you mean "arrow"\?/],
    ['prompt: qa\nprompts: [arrow]', /prompts: cannot be combined with "prompt"/],
    ['prompts: [qa, qa]', /prompts\[1\]: qa is given twice/],
    ['prompts: [{id: mine, demonstration: "{x} {y}", query: "{y}"}]', /query must contain \{x\} once/],
    ['prompts: [{id: arrow, demonstration: "{x} {y}", query: "{x}"}]', /"arrow" is the paper’s prompt/],
    ['demonstrationLabels: wrong', /must be true, shuffled or random/],
    ['order: sorted', /must be drawn, or the seed of a further shuffle/],
  ])('with wrong axes are refused: %s', (text, message) => {
    expect(() => load(`${head}${text}`)).toThrow(message)
  })

  it('with lists make one sweep per combination, all in one group and with the same items', () => {
    const file = join(folder, 'axes.yaml')
    const own = '{id: mine, demonstration: "{x} = {y}", query: "{x} ="}'
    writeFileSync(file, `${head}demonstrations: [1, 5, 10]\nprompts: [qa, arrow, ${own}]\nseeds: [1, 2]`)
    const sweeps = loadSweeps(file, known)
    expect(sweeps).toHaveLength(18)
    expect(new Set(sweeps.map(sweepId)).size).toBe(18)
    expect(new Set(sweeps.map(({ group }) => group)).size).toBe(1)
    for (const { protocol } of sweeps) {
      expect(protocol.paired).toMatchObject({ demonstrations: 5, dummyQueries: 2 })
      expect(protocol.paired?.prompts.map(({ id }) => id)).toEqual(['arrow', 'qa', 'mine'])
    }
    const [first] = sweeps
    expect(first?.protocol).toMatchObject({ seed: 1, demonstrations: 1, prompt: { id: 'qa' } })
    expect(sweeps.filter(({ protocol }) => protocol.prompt === undefined)).toHaveLength(6)
  })

  it('with lists of one value, or with defaults written out, are the same sweep as without', () => {
    const plain = sweepId(load(head))
    const written =
      'demonstrations: [5]\ndummyQueries: 2\nprompts: [arrow]\nseeds: [41]\nnumerics: [f32]\ndemonstrationLabels: true\norder: drawn'
    expect(sweepId(load(`${head}${written}`))).toBe(plain)
  })

  it('with several seeds make one sweep each, in one group', () => {
    const file = join(folder, 'seeds.yaml')
    writeFileSync(file, `${head}seeds: [41, 42, 43]`)
    const sweeps = loadSweeps(file, known)
    expect(sweeps.map(({ protocol }) => protocol.seed)).toEqual([41, 42, 43])
    expect(new Set(sweeps.map(({ group }) => group)).size).toBe(1)
    expect(new Set(sweeps.map(sweepId)).size).toBe(3)
  })
})

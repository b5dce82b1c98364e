import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { loadSweeps } from '../../src/config/load.js'
import { TaskvecError } from '../../src/domain/errors.js'
import { modelCatalog } from '../../src/models/catalog.js'
import { guarded, openReadOnly } from '../../src/store/open.js'
import { readStatement } from '../../src/store/read-statement.js'
import { layerResults, mainResults, predictionValues } from '../../src/store/results.js'
import { findSweep } from '../../src/store/sweeps.js'
import { readItemsFile } from '../../src/tasks/items-file.js'
import { readWordListFile } from '../../src/tasks/word-list-file.js'
import { checkInvariants } from '../../src/verify/invariants.js'
import { completeDatabase } from '../store/sample.js'
import type { Target } from './targets.js'

/** What users write or get from each other: configs, word lists, items, SQL, databases. */
export function userTargets(folder: string): Target[] {
  const list = join(folder, 'list-of-config.csv')
  writeFileSync(list, 'hot,cold\nbig,small|little\n')
  const models = modelCatalog().map(({ id }) => id)
  const config = [
    'name: fuzzed',
    'models: [llama-mini-s, gptj-mini]',
    'tasks: [knowledge_country_capital, { id: mine, list: ./list-of-config.csv, scoring: prefix }]',
    'demonstrations: 1',
    'devItems: 2',
    'layers: { from: 0, to: 3 }',
    'layersPerActivity: 2',
    'seeds: [41, 42]',
    'experiments: [main, robustness: { thetas: 2 }, beyond: { items: 2, demonstrationSets: [1, 5] }]',
    'maxFailures: 3',
    '',
  ]
  const items = [
    '{"split": "dev", "demonstrations": [{"input": "a", "output": "A"}], "query": "b", "answer": ["B", "b"], "dummyQueries": ["c"]}',
    '{"split": "baseline", "query": "b", "answer": "B"}',
    '',
  ]
  const sql = `WITH good AS (SELECT sweep, model, task FROM layers GROUP BY sweep, model, task HAVING max(accuracy) > 0.5)
SELECT model, layer, avg(accuracy) AS accuracy, count(*) AS tasks FROM layers JOIN good USING (sweep, model, task)
WHERE model IN ('m', 'n') AND layer BETWEEN 0 AND 3 GROUP BY model, layer ORDER BY model, layer LIMIT 10`
  const reader = openReadOnly(completeDatabase())
  return [
    text('config.yaml', 'sweep.yaml', config.join('\n'), (path) => loadSweeps(path, models)),
    text(
      'word list (CSV)',
      'list.csv',
      'input,answer\nhot,cold\n"a, b",c|d\nbig,small,little\n',
      readWordListFile,
    ),
    text('word list (JSON)', 'list.json', '{"hot": "cold", "big": ["small", "little"]}', readWordListFile),
    text('items (JSON Lines)', 'items.jsonl', items.join('\n'), readItemsFile),
    text('SQL', 'query.sql', sql, (path) =>
      readStatement(reader, { statement: readFileSync(path, 'utf8'), limit: 100 }),
    ),
    database(completeDatabase()),
  ]
}

function text(name: string, file: string, good: string, read: (path: string) => unknown): Target {
  return {
    name,
    file,
    good: Buffer.from(good),
    header: Buffer.byteLength(good),
    read: (path) => void read(path),
  }
}

/** Whatever `verify --sample 0` finds nothing wrong with must also be readable. Places all over the file are changed, rows and views too. */
function database(sample: string): Target {
  const whole = new Database(sample)
  whole.pragma('journal_mode = delete') // one file, without a log beside it
  whole.pragma('page_size = 512') // so that little of it is unused, and changes hit something
  whole.exec('vacuum')
  whole.close()
  const good = readFileSync(sample)
  // Its numbers are made up: verify finds something in the good one too.
  const problemsOf = (db: Database.Database) =>
    JSON.stringify(checkInvariants(db).flatMap(({ problems }) => problems))
  const untouched = openReadOnly(sample)
  const usual = problemsOf(untouched)
  untouched.close()
  const read = (path: string) => {
    const db = openReadOnly(path)
    try {
      guarded(path, () => {
        if (problemsOf(db) !== usual) throw new TaskvecError('STORE', 'taskvec verify finds something')
        const { id } = findSweep(db, undefined)
        JSON.stringify([mainResults(db, id), layerResults(db, id), [...predictionValues(db, id)]])
      })
    } finally {
      db.close()
    }
  }
  return { name: 'database', file: 'others.db', good, header: good.length, read }
}

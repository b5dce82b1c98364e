import type Database from 'better-sqlite3'
import { catalogModel } from '../models/catalog.js'
import { modelRecords, ownLists } from '../store/report-queries.js'
import { builtinTaskIds } from '../tasks/registry.js'
import { paperResults } from './paper-results.js'

/** Models and tasks that share an id with the paper's but differ from them, and so are not compared with the published results. */
export interface Namesakes {
  readonly models: readonly string[]
  readonly tasks: readonly string[]
}

/** Files of one model count slightly different parameters: a GGUF also stores frequencies. */
const sameParameters = 0.01

export function namesakes(db: Database.Database, sweepId: string): Namesakes {
  const published = paperResults().main
  return {
    models: modelRecords(db, sweepId).flatMap(({ model, parameters }) => {
      if (parameters === null || !(model in published)) return []
      const expected = catalogModel(model).parameters
      return Math.abs(parameters - expected) > sameParameters * expected ? [model] : []
    }),
    tasks: ownLists(db, sweepId).filter((id) => (builtinTaskIds as readonly string[]).includes(id)),
  }
}

/** A sentence for each. */
export function describeNamesakes({ models, tasks }: Namesakes): string[] {
  const reason = (id: string, what: string) =>
    `${id} is not compared with the published results: it is ${what}. Give it another id.`
  return [
    ...models.map((id) => reason(id, 'another model than the published one of this id')),
    ...tasks.map((id) => reason(id, 'a word list of your own')),
  ]
}

import { existsSync } from 'node:fs'
import type { SweepConfig } from '../config/sweep-config.js'
import { TaskvecError } from '../domain/errors.js'
import { readableSize } from '../models/free-space.js'
import type { PullEvent } from '../models/fetch.js'
import type { ModelRef } from '../models/locate.js'
import { pullModel } from '../models/pull.js'
import { openReadOnly } from '../store/open.js'
import { listSweeps } from '../store/sweeps.js'
import { duration } from '../domain/duration.js'
import { requirementsOf, type Requirements } from '../sweep/requirements.js'
import { say } from '../system/log.js'

/** Fetches models from repositories at the commits that the sweep started with, else at the current ones, which it then records. */
export async function withRepositories(
  config: SweepConfig,
  id: string,
  elsewhere: readonly string[],
  db: string,
): Promise<SweepConfig> {
  if (!config.models.some(({ repo }) => repo !== undefined)) return config
  const [{ fetchIntoCache }, stored] = [await import('../models/hugging-face.js'), storedModels(db, id)]
  const models: ModelRef[] = []
  for (const model of config.models) {
    const { repo } = model
    const commit = model.commit ?? stored.find(({ id }) => id === model.id)?.commit
    if (repo === undefined || elsewhere.includes(model.id)) models.push(model)
    else {
      const named = { ...model, repo, ...(commit === undefined ? {} : { commit }) }
      const report = (event: PullEvent) => event.kind === 'step' && say(event.text)
      const { signal } = new AbortController()
      models.push({ ...model, commit: await fetchIntoCache(named, { report, signal }) })
    }
  }
  return { ...config, models }
}

/** The models of a sweep; [] if it has not started. */
function storedModels(db: string, id: string): SweepConfig['models'] {
  if (!existsSync(db)) return []
  using reader = openReadOnly(db)
  const stored = listSweeps(reader).find((sweep) => sweep.id === id)
  return stored ? (JSON.parse(stored.config) as SweepConfig).models : []
}

/** Fetches missing small models. Errors: MODEL if large ones are missing, with what the sweep needs. */
export async function haveModels(config: SweepConfig): Promise<void> {
  const needs = requirementsOf(config)
  const large = needs.missing.filter((model) => !needs.fetchable.includes(model))
  if (large.length > 0) {
    throw new TaskvecError(
      'MODEL',
      `${large.length} of ${count(config.models.length, 'model')} are not on this machine: ${large.map(({ id }) => id).join(', ')}\n${describeNeeds(needs)}`,
      {
        hint: `Fetch them first:\n${large.map(({ id }) => `  taskvec models pull ${id}`).join('\n')}`,
      },
    )
  }
  for (const { id } of needs.fetchable)
    await pullModel(id, { onProgress: (event) => event.kind === 'step' && say(event.text) })
  if (needs.memoryBytes > 4e9) say(describeNeeds(needs))
}

function describeNeeds(needs: Requirements): string {
  const memory = `${readableSize(needs.memoryBytes)} of memory for the largest model in f32 (${readableSize(needs.freeMemoryBytes)} free here)`
  return `The sweep needs ${readableSize(needs.downloadBytes)} more on disk, ${memory}, and about ${duration(needs.coreHours * 3600)} on one core at 100 GFLOP/s.`
}

export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

import { utf8Text } from '../system/utf8-text.js'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { fetchDataset, type HubDataset } from '../models/hub-dataset.js'
import type { Fetch } from '../models/fetch.js'
import { expanded } from '../system/home.js'
import { readYaml } from '../system/yaml-file.js'
import { isParquet, parquetAhead, parquetLines } from '../tasks/parquet-list.js'
import { eachSource, listSchema } from './list-sources.js'
import { overridden } from './overrides.js'

/** Lists that are read asynchronously before the config is loaded: Parquet files, and data sets on the Hugging Face Hub. */

/** Lists read ahead, by `listKey`. */
export type ListsAhead = ReadonlyMap<string, ListAhead>

export interface ListAhead {
  /** Its name in messages. */
  readonly name: string
  /** The text is parsed as a file of this name. */
  readonly file: string
  readonly text: string
  readonly notes: readonly string[]
}

/** Identifies a list; a file by its absolute path. */
export function listKey(list: string | HubDataset): string {
  if (typeof list === 'string') return list
  const { dataset, split, subset = '', revision } = list
  return `${dataset} ${split} ${subset} ${revision}`
}

/** Reads such lists of a config; other problems of the config are left to `loadSweeps`. Errors: CONFIG, DOWNLOAD. */
export async function readListsAhead(
  file: string,
  overrides: readonly string[],
  context: Pick<Fetch, 'report' | 'signal'>,
): Promise<ListsAhead> {
  const { value } = overridden(readYaml(file), overrides)
  const { data } = z.object({ tasks: z.array(z.unknown()) }).safeParse(value)
  const found = new Map<string, ListAhead>()
  for (const task of data?.tasks ?? []) {
    const list = listSchema.safeParse((task as { list?: unknown } | null)?.list)
    for (const source of list.success ? eachSource(list.data) : []) {
      const key = listKey(typeof source === 'string' ? resolve(dirname(file), expanded(source)) : source)
      if (found.has(key)) continue
      if (typeof source !== 'string') found.set(key, await readDataset(source, context))
      else if (isParquet(source)) {
        const ahead = await parquetAhead(key)
        if (ahead) found.set(key, { name: key, ...ahead, notes: [] })
      }
    }
  }
  return found
}

async function readDataset(list: HubDataset, context: Pick<Fetch, 'report' | 'signal'>): Promise<ListAhead> {
  const { files, commit } = await fetchDataset(list, context)
  const texts: string[] = []
  for (const file of files) texts.push(isParquet(file) ? await parquetLines(file) : utf8Text(file))
  const [first = ''] = files
  const pinned = list.revision === commit ? [] : [`revision: ${commit} pins it`]
  const several = files.length > 1 && !isParquet(first) && !/\.(jsonl|ndjson)$/.test(first)
  return {
    name: `${list.dataset} (${list.split})`,
    file: isParquet(first) ? 'rows.jsonl' : first,
    text: several ? (texts[0] ?? '') : texts.join('\n'),
    notes: several ? [...pinned, `only the first of ${files.length} files is read`] : pinned,
  }
}

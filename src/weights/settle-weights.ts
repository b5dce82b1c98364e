import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from './checkpoint.js'
import { compareTensors } from './compare-tensors.js'

/** Handles tensors that a checkpoint holds but its config does not announce, as transformers does (docs/model-files.md). */

type Expected = ReadonlyMap<string, readonly number[]>

const heads = /(^|\.)(lm_head|embed_out)\.weight$/
const embeddings = /(^|\.)(embed_tokens|wte|embed_in|word_embeddings)\.weight$/

/** Rows of the two matrices compared at a time. */
const rowsAtOnce = 1024

export interface Settled {
  readonly checkpoint: Checkpoint
  readonly warnings: readonly string[]
}

/**
 * Like transformers 5, uses a separate head despite `tie_word_embeddings: true` if it differs from the embedding, and warns.
 * `expected` gives the tensors a config asks for. Throws MODEL if models of this type cannot have a separate head.
 */
export function withOwnHead(
  checkpoint: Checkpoint,
  expected: (config: Checkpoint['config']) => Expected,
): Settled {
  const unchanged = { checkpoint, warnings: [] }
  if (checkpoint.config['tie_word_embeddings'] === false) return unchanged
  const names = [...checkpoint.tensors.keys()]
  const head = names.find((name) => heads.test(name))
  const embedding = names.find((name) => embeddings.test(name))
  if (head === undefined || embedding === undefined) return unchanged
  // The config already asks for a separate head, by default.
  if ([...expected(checkpoint.config).keys()].some((name) => heads.test(name))) return unchanged
  if (isSame(checkpoint, head, embedding)) return unchanged
  const config = { ...checkpoint.config, tie_word_embeddings: false }
  if (![...expected(config).keys()].some((name) => heads.test(name)))
    throw new TaskvecError(
      'MODEL',
      `${checkpoint.path}: ${head} differs from ${embedding}, but models of this type are built with one matrix for both`,
      { hint: `Remove ${head} from the file, if the embedding is meant to be the head.` },
    )
  return {
    checkpoint: { ...checkpoint, config },
    warnings: [
      `${checkpoint.path}: config.json ties the head to the embedding, but ${head} is there and differs from ${embedding}: ` +
        'it is used, as in transformers 5. Set "tie_word_embeddings": false in config.json to declare it',
    ],
  }
}

function isSame(checkpoint: Checkpoint, head: string, embedding: string): boolean {
  const [a, b] = [checkpoint.tensors.get(head), checkpoint.tensors.get(embedding)]
  if (!a || !b || a.shape.join() !== b.shape.join()) return false
  if (a.file === b.file && a.offset === b.offset) return true
  const [rows = 0] = a.shape
  for (let first = 0; first < rows; first += rowsAtOnce) {
    const some = Array.from({ length: Math.min(rowsAtOnce, rows - first) }, (_, i) => first + i)
    const theirs = checkpoint.readRows(embedding, some)
    if (!checkpoint.readRows(head, some).every((value, i) => value === theirs[i])) return false
  }
  return true
}

/** Most tensors that a message names. */
const mostNamed = 3

/**
 * Warns of tensors that no graph reads. Throws MODEL if one is inside a block, because an unannounced bias (unless all zeros),
 * another architecture's norm or an adapter would change what the block computes; also if the folder holds an adapter.
 */
export function unreadTensors(checkpoint: Checkpoint, expected: Expected): string[] {
  refuseAdapter(checkpoint.path)
  const { extra } = compareTensors(checkpoint, expected)
  const blocks = new Set([...expected.keys()].flatMap((name) => blockOf(name) ?? []))
  const within = extra.filter((name) => blocks.has(blockOf(name) ?? '') && !isZeroBias(checkpoint, name))
  if (within.length > 0)
    throw new TaskvecError(
      'MODEL',
      `${checkpoint.path}: ${listed(within)} in the file, but not announced by config.json; so a block would compute something else`,
      {
        hint: within.some((name) => name.endsWith('.bias'))
          ? 'A LLaMA has biases by "attention_bias": true or "mlp_bias": true; another model_type may be meant.'
          : 'Check that model_type in config.json is right; merge an adapter into the weights first.',
      },
    )
  // A head still unread here is a copy of the embedding.
  const outside = extra.filter((name) => !blocks.has(blockOf(name) ?? '') && !heads.test(name))
  return outside.length === 0
    ? []
    : [
        `${checkpoint.path}: ${listed(outside)} not used: config.json does not ask for ${outside.length === 1 ? 'it' : 'them'}`,
      ]
}

/** `model.layers.3` of `model.layers.3.mlp.up_proj.weight`. */
function blockOf(name: string): string | undefined {
  return /^(.*?\.\d+)\./.exec(name)?.[1]
}

function isZeroBias(checkpoint: Checkpoint, name: string): boolean {
  return (
    name.endsWith('.bias') &&
    checkpoint.tensors.has(name) &&
    checkpoint.read(name).every((value) => value === 0)
  )
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ')
  return names.length > mostNamed
    ? `${shown} and ${names.length - mostNamed} more are`
    : `${shown} ${names.length === 1 ? 'is' : 'are'}`
}

/** Throws MODEL if the folder holds an adapter: transformers with peft would apply it to the weights, we would not. */
function refuseAdapter(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  const adapter = join(path, 'adapter_config.json')
  if (!existsSync(adapter)) return
  throw new TaskvecError('MODEL', `${adapter}: the weights have an adapter, which would not be applied`, {
    hint: "Move it to a separate folder and use that path for the adapted model, or merge it (peft's merge_and_unload, then save_pretrained).",
  })
}

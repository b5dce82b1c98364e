import { z } from 'zod'

/** Converters write a flag as a boolean or as a number. */
const flag = z.union([z.boolean(), z.literal([0, 1]).transform((value) => value === 1)])
/** -1, or the same 32 bits unsigned, means "no such token". */
const tokenId = z
  .number()
  .optional()
  .transform((id) => (id === -1 || id === 0xffffffff ? undefined : id))

/** Metadata of a tokenizer in a GGUF file, without the prefix `tokenizer.ggml.` (ggml's docs/gguf.md). */
export const ggufTokenizerSchema = z.object({
  model: z.string(),
  pre: z.string().optional(),
  tokens: z.array(z.string()).min(1),
  merges: z.array(z.string()).default([]),
  scores: z.array(z.number()).optional(),
  token_type: z.array(z.number()).optional(),
  add_bos_token: flag.optional(),
  add_eos_token: flag.default(false),
  add_sep_token: flag.default(false),
  add_space_prefix: flag.default(true),
  bos_token_id: tokenId,
  unknown_token_id: tokenId,
})

export type GgufTokenizer = z.infer<typeof ggufTokenizerSchema>

/** The parts of tokenizer.json that depend on the kind of tokenizer, and its defaults. */
export interface Built {
  readonly tokenizer: Readonly<Record<string, unknown>>
  /** Whether a BOS is added. */
  readonly addsBos: boolean
  readonly bos?: number
}

import { describe, expect, it } from 'vitest'
import { buildTokenizer } from '../../src/tokenizer/tokenizer.js'
import { wordLevel } from '../tasks/word-level.js'

const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
const text = { Sequence: { id: 'A', type_id: 0 } }

/** A word-level tokenizer with a post-processor of this template. */
function tokenizer(single: readonly object[] | null, config: Record<string, unknown> = {}) {
  const { tokenizer: base } = wordLevel(['a', 'b', '<s>', '</s>'])
  const vocab = (base['model'] as { vocab: Record<string, number> }).vocab
  const named = Object.fromEntries(['<s>', '</s>'].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }]))
  const added = ['<s>', '</s>'].map((content) => ({
    ...{ id: vocab[content], content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  }))
  const post_processor = single && { type: 'TemplateProcessing', single, pair: single, special_tokens: named }
  const built = buildTokenizer('folder', {
    tokenizer: { ...base, post_processor, added_tokens: added },
    config,
  })
  const words = Object.fromEntries(Object.entries(vocab).map(([word, id]) => [id, word]))
  return { encode: (of: string) => built.encode(of, true).map((id) => words[id]), warnings: built.warnings }
}

describe('the tokens around a prompt are those of tokenizer.json', () => {
  it('a BOS where its template has one', () => {
    const { encode, warnings } = tokenizer([special('<s>'), text], { add_bos_token: true, bos_token: '<s>' })
    expect(encode('a')).toEqual(['<s>', 'a'])
    expect(warnings).toEqual([])
  })

  it('none behind the text, where θ is read: a template that adds one is followed before the text only', () => {
    const { encode, warnings } = tokenizer([special('<s>'), text, special('</s>')])
    expect(encode('a')).toEqual(['<s>', 'a'])
    expect(warnings).toEqual([expect.stringContaining('adds </s> behind a text; left out')])
  })

  it.each([
    [{ add_bos_token: true, bos_token: '<s>' }, null, 'prompts begin without <s>'],
    [{ add_bos_token: true, bos_token: { content: '<s>' } }, null, 'prompts begin without <s>'],
    [{ add_bos_token: true, bos_token: null }, null, 'add_bos_token: true, but no bos_token'],
    [{ add_bos_token: false }, [special('<s>'), text], 'prompts begin with it'],
    [{ add_eos_token: true }, null, 'no token is added behind a prompt'],
  ])('and %j is warned of where it says otherwise', (config, single, warning) => {
    expect(tokenizer(single, config).warnings).toEqual([expect.stringContaining(warning)])
  })

  it.each([{ add_bos_token: null, unk_token: null }, { add_bos_token: false, add_eos_token: false }, {}])(
    '%j says nothing',
    (config) => {
      const { encode, warnings } = tokenizer(null, config)
      expect(encode('a')).toEqual(['a'])
      expect(warnings).toEqual([])
    },
  )
})

import { describe, expect, it } from 'vitest'
import type { PromptFormat } from '../../src/domain/types.js'
import { answeredPrompt, formatPrompt, stretchesOf } from '../../src/prompt/format.js'
import { promptRevision } from '../../src/prompt/revision.js'
import { builtinTemplates, formatOf, templateProblem } from '../../src/prompt/templates.js'

it('writes [S, x, ->] line by line and nothing after the last arrow', () => {
  const demonstrations = [
    { input: 'a', output: 'b' },
    { input: ' hot', output: ' cold' },
  ]
  expect(formatPrompt(demonstrations, ' big')).toBe('example:a->b\nexample: hot-> cold\nexample: big->')
})

it('writes [x, ->] without demonstrations', () => {
  expect(formatPrompt([], 'x')).toBe('example:x->')
})

describe('a template', () => {
  const demonstrations = [{ input: 'hot', output: 'cold' }]
  const built = (id: string) => formatOf(builtinTemplates.find((template) => template.id === id))

  it.each([
    ['arrow', 'example:hot->cold\nexample:big->', 'example:big->small'],
    ['qa', 'Q: hot\nA: cold\nQ: big\nA:', 'Q: big\nA: small'],
    ['plain', 'hot -> cold\nbig ->', 'big -> small'],
    ['function-vectors', 'Q: hot\nA: cold\n\nQ: big\nA:', 'Q: big\nA: small'],
  ])('%s writes prompt and answer', (id, prompt, answered) => {
    const format = built(id)
    expect(formatPrompt(demonstrations, 'big', format)).toBe(prompt)
    expect(answeredPrompt({ query: 'big', ...(format && { prompt: format }) }, 'small')).toBe(answered)
  })

  it('names the part of each stretch of a prompt', () => {
    const stretches = stretchesOf(demonstrations, '{y}', built('qa'))
    expect(stretches.filter(({ text }) => text !== '')).toEqual([
      { part: 'format', text: 'Q: ' },
      { part: 'inputs', text: 'hot' },
      { part: 'arrows', text: '\nA: ' },
      { part: 'outputs', text: 'cold' },
      { part: 'format', text: '\n' },
      { part: 'format', text: 'Q: ' },
      { part: 'query', text: '{y}' },
      { part: 'end', text: '\nA:' },
    ])
  })

  const own: PromptFormat = {
    demonstration: '{x}: {y}.',
    query: '{x}',
    separator: ' ',
    prefix: 'Opposites. ',
    suffix: ':',
  }

  it('puts an instruction before everything, and a suffix after it', () => {
    expect(formatPrompt(demonstrations, 'big', own)).toBe('Opposites. hot: cold. big:')
    expect(answeredPrompt({ query: 'big', prompt: own }, 'small')).toBe('Opposites. big: small')
  })

  it('inserts words that contain placeholders and patterns unchanged', () => {
    expect(formatPrompt([{ input: '{y}', output: '$&' }], '{x}', own)).toBe('Opposites. {y}: $&. {x}:')
  })

  it.each([
    [{ demonstration: '{x}' }, 'demonstration must contain {x} once and {y} once'],
    [{ demonstration: '{y}{x}' }, 'demonstration must have {x} before {y}'],
    [{ query: '{x}{y}' }, 'query must contain {x} once, and no {y}'],
    [{ query: '{x}', suffix: '{x}' }, 'suffix must contain neither {x} nor {y}'],
    [
      { demonstration: '{x} is {y}', query: '{x}', suffix: '' },
      'query must end where the answer begins, after " is "',
    ],
  ])('is refused if %j', (change, problem) => {
    expect(templateProblem({ ...own, ...change })).toBe(problem)
  })
})

it('does not change keys as long as the code writes prompts as it always has', () => {
  expect(promptRevision).toEqual({})
})

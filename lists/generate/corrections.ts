import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { entry, type Entry } from './list.js'

const text = z.string().min(1)
const accept = z.array(text).default([])
const whole = z.strictObject({ input: text, answer: text, accept, reason: text })

/** lists/generate/corrections/<task>.yaml: manual changes after reading a generated list, with reasons. */
const corrections = z.strictObject({
  add: z.array(whole).default([]),
  remove: z.array(z.strictObject({ input: text, reason: text })).default([]),
  replace: z.array(whole).default([]),
  /** Further accepted answers; the preferred one is unchanged. */
  accept: z.array(z.strictObject({ input: text, answers: z.array(text).min(1), reason: text })).default([]),
})

/** Every correction must still apply: one for an input that is no longer generated is an error. */
export function corrected(task: string, entries: readonly Entry[]): Entry[] {
  const file = new URL(`corrections/${task}.yaml`, import.meta.url)
  if (!existsSync(file)) return [...entries]
  const { add, remove, replace, accept: more } = corrections.parse(parse(readFileSync(file, 'utf8')))

  const byInput = new Map(entries.map((given) => [given.input, given]))
  const assertThere = (input: string, there: boolean) => {
    if (byInput.has(input) !== there)
      throw new Error(`corrections/${task}.yaml: "${input}" is ${there ? 'not' : 'already'} in the list`)
  }
  for (const { input } of remove) {
    assertThere(input, true)
    byInput.delete(input)
  }
  for (const { input, answer, accept } of replace) {
    assertThere(input, true)
    byInput.set(input, entry(input, answer, accept))
  }
  for (const { input, answer, accept } of add) {
    assertThere(input, false)
    byInput.set(input, entry(input, answer, accept))
  }
  for (const { input, answers } of more) {
    assertThere(input, true)
    const { answer, accept } = byInput.get(input) ?? entry(input, '')
    const known = answers.find((text) => text === answer || accept.includes(text))
    if (known !== undefined)
      throw new Error(`corrections/${task}.yaml: "${input}" has the answer "${known}" already`)
    byInput.set(input, entry(input, answer, [...accept, ...answers]))
  }
  return [...byInput.values()]
}

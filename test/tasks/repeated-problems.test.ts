import { expect, it } from 'vitest'
import { groupRepeated } from '../../src/tasks/repeated-problems.js'

it('names three lines of a problem that a file has many times, and counts the rest', () => {
  const many = Array.from({ length: 2398 }, (_, i) => `C:/my: list.jsonl:${i + 1}: unknown key "foo"`)
  expect(groupRepeated([...many, 'C:/my: list.jsonl:7: no answer', 'list: too short'])).toEqual([
    'C:/my: list.jsonl:1: unknown key "foo" (2398 lines: 1, 2, 3, ...)',
    'C:/my: list.jsonl:7: no answer',
    'list: too short',
  ])
})

it('leaves a few of one kind, and different ones, unchanged', () => {
  const few = ['a:1: x', 'a:2: x', 'a:3: x', 'b:1: x', 'a:4: y']
  expect(groupRepeated(few)).toEqual(few)
})

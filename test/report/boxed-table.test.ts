import Table from 'cli-table3'
import { expect, it } from 'vitest'
import { boxedTable } from '../../src/report/boxed-table.js'

it('a boxed table equals that of cli-table3, wide and combining characters included', () => {
  const head = ['model', 'cells', '']
  const rows = [
    ['a', 5, 'x'],
    ['模型', 12345, ''],
    ['e\u0301 ü', '-', 'complete'],
  ]
  const table = new Table({
    head,
    colAligns: ['left', 'right'],
    style: { head: [], border: [], compact: true },
  })
  table.push(...rows)
  expect(boxedTable(head, rows, [1])).toBe(table.toString())
  // A row that ends early has empty cells.
  expect(boxedTable(head, [['a']])).toBe(boxedTable(head, [['a', '', '']]))
})

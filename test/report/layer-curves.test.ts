import { expect, it } from 'vitest'
import { renderLayerCurves } from '../../src/report/layer-curves.js'

it('names a task that is alone, and counts several', () => {
  const cell = (task: string, layer: number, accuracy: number) => ({ model: 'm', task, layer, accuracy })
  const one = [cell('upper', 0, 0.5), cell('upper', 1, 1)]
  const shown = (cells: readonly object[]) => renderLayerCurves(cells as never)
  expect(shown(one)).toBe('m  ▅█  accuracy by L, upper: 1.00 at L = 1')
  expect(shown([...one, cell('lower', 0, 0), cell('lower', 1, 0.5)])).toContain('by L, upper: 1.00')
  expect(shown([...one, cell('lower', 0, 0), cell('lower', 1, 1)])).toContain('mean of 2 tasks above')
})

import { expect, it, vi } from 'vitest'
import { ProgressDisplay } from '../../src/sweep/progress.js'

it('marks what the process computes for another sweep of its server', () => {
  vi.useFakeTimers()
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const totals = { cells: { done: 0, all: 1 }, units: { done: 0, all: 0 }, share: 0 }
  const reading = { tasks: () => [], totals: () => totals }
  const display = new ProgressDisplay({} as never, 'mine-1', reading as never, false)
  for (const sweep of ['mine-1', 'other-2'])
    display.report({
      ...{ model: 'm', task: 'upper', phase: 'dev', fraction: 0.5 },
      activity: { workflowId: `taskvec/store/${sweep}/m/upper`, runId: 'r', activityId: '1', attempt: 1 },
    })
  vi.advanceTimersByTime(5000)
  display.stop()
  const text = written.mock.calls.join('')
  written.mockRestore()
  vi.useRealTimers()
  expect(text).toContain('; m upper dev 50 %, m upper dev 50 % (for another sweep)\n')
})

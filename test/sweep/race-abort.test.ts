import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { raceAbort } from '../../src/sweep/race-abort.js'

const never = new Promise<never>(() => {})
const interrupted = expect.objectContaining({ code: 'CANCELLED', message: 'interrupted' }) as Error

describe('work that may be interrupted', () => {
  it('returns its result or fails as usual if nobody interrupts', async () => {
    const { signal } = new AbortController()
    await expect(raceAbort(signal, Promise.resolve(7))).resolves.toBe(7)
    await expect(raceAbort(signal, Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  it('ends at once when the signal is aborted, although the work continues', async () => {
    const controller = new AbortController()
    const waiting = raceAbort(controller.signal, never)
    controller.abort()
    await expect(waiting).rejects.toEqual(interrupted)
  })

  it('does not start waiting if the signal was already aborted, even for a result that is available', async () => {
    const { signal } = new AbortController()
    await expect(raceAbort(AbortSignal.abort(), never)).rejects.toEqual(interrupted)
    await expect(
      raceAbort(AbortSignal.any([signal, AbortSignal.abort()]), Promise.resolve(7)),
    ).rejects.toEqual(interrupted)
  })

  it('that fails after the interruption is no unhandled rejection', async () => {
    const controller = new AbortController()
    let fail: (error: Error) => void = () => {}
    const work = new Promise<never>((_, reject) => (fail = reject))
    const waiting = raceAbort(controller.signal, work)
    controller.abort()
    await expect(waiting).rejects.toEqual(interrupted)
    // vitest fails the run where a rejection goes unhandled.
    fail(new Error('too late'))
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('leaves no listener behind, however it ends', async () => {
    const controller = new AbortController()
    await raceAbort(controller.signal, Promise.resolve())
    await raceAbort(controller.signal, Promise.reject(new Error('no'))).catch(() => {})
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })
})

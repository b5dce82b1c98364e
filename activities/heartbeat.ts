import { Context } from '@temporalio/activity'

/** Well below the heartbeat timeout in workflows/activity-proxies.ts; also the delay of a cancellation, ms. */
const everyMs = 1000

/** Runs `work` while a timer reports its progress, 0 to 1, to the server. */
export async function heartbeating<T>(
  work: (report: (fraction: number) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const context = Context.current()
  let fraction = 0
  const timer = setInterval(() => context.heartbeat({ fraction }), everyMs)
  try {
    return await work((reported) => (fraction = reported), context.cancellationSignal)
  } finally {
    clearInterval(timer)
  }
}

import { Context } from '@temporalio/activity'

/** Well below the heartbeat timeout of workflows/activity-proxies.ts; also how soon a cancellation is heard. */
const everyMs = 1000

/** Runs `work` while a timer reports its progress (a share, 0..1) to the server. */
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

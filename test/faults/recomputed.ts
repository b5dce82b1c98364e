import type { Client } from '@temporalio/client'

/** One beginning of a computation on an engine, as the process that did it logged it (`--log-format json`). Times in ms. */
export interface Begun {
  /** What is computed: model, task, phase and layers. */
  readonly work: string
  /** Workflow, run and activity: what the server calls it. */
  readonly activity: string
  /** When the worker was given it; it may then have waited for an engine. */
  readonly handed: number
  readonly at: number
}

export interface Recomputed {
  /** Beginnings beyond the first of each computation. */
  readonly recomputed: number
  /** Computations that were with a worker and not yet completed, summed over the kills. */
  readonly inFlight: number
  /** Those that were begun again without having been in flight at a kill. */
  readonly unexplained: readonly string[]
}

/**
 * A kill -9. What a process that is gone had given out may be taken up a moment later: a server's answer that lies in a
 * worker's socket, for one. So all that was handed out before there was another server is what the killed one handed out.
 * Times in ms.
 */
export interface Kill {
  readonly at: number
  /** When another process could first hand out work in its place: with servers the next one's start, else `at`. */
  readonly until: number
}

/** The beginnings in what taskvec processes said on stderr. */
export function begunIn(logs: readonly string[]): Begun[] {
  const lines = logs.flatMap((log) => log.split('\n')).filter((line) => line.startsWith('{"'))
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'begun')
    .map(({ time, waitedMs, model, task, phase, layers, workflowId, runId, activityId }) => {
      const at = Date.parse(time as string)
      return {
        work: [model, task, phase, layers ?? []].join(' ').trim(),
        activity: [workflowId, runId, activityId].join(' '),
        handed: at - (waitedMs as number),
        at,
      }
    })
}

/** When the server had the result of each activity of some workflows, ms. */
export async function completions(client: Client, workflowIdPrefix: string): Promise<Map<string, number>> {
  const times = new Map<string, number>()
  for await (const { workflowId, runId } of client.workflow.list()) {
    if (!workflowId.startsWith(workflowIdPrefix)) continue
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
    const ids = new Map<string, string>()
    for (const event of events ?? []) {
      const scheduled = event.activityTaskScheduledEventAttributes
      if (scheduled) ids.set(String(event.eventId), String(scheduled.activityId))
      const completed = event.activityTaskCompletedEventAttributes
      if (completed)
        times.set(
          [workflowId, runId, ids.get(String(completed.scheduledEventId))].join(' '),
          1000 * Number(event.eventTime?.seconds) + Number(event.eventTime?.nanos) / 1e6,
        )
    }
  }
  return times
}

export function recomputedOf(
  begun: readonly Begun[],
  completed: ReadonlyMap<string, number>,
  kills: readonly Kill[],
): Recomputed {
  const works = new Map<string, Begun[]>()
  for (const one of [...begun].sort((a, b) => a.at - b.at))
    works.set(one.work, [...(works.get(one.work) ?? []), one])
  let recomputed = 0
  let inFlight = 0
  const unexplained: string[] = []
  for (const [work, begins] of works) {
    const done = Math.min(...begins.map(({ activity }) => completed.get(activity) ?? Infinity))
    const open = kills.filter(({ at, until }) => at < done && begins.some(({ handed }) => handed <= until))
    inFlight += open.length
    recomputed += begins.length - 1
    for (const [i, { at }] of begins.entries()) {
      const before = begins[i - 1]
      if (before && !open.some((kill) => before.handed <= kill.until && kill.at <= at))
        unexplained.push(
          `${work}: begun again ${sinceKills(at, kills)}, first handed out ${sinceKills(before.handed, kills)}`,
        )
    }
  }
  return { recomputed, inFlight, unexplained }
}

/** For whoever looks into one. */
function sinceKills(time: number, kills: readonly Kill[]): string {
  return kills.map(({ at }) => `${time - at} ms`).join(' and ') + ' after the kills'
}

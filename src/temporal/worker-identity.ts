import { hostname } from 'node:os'
import type { Connection } from '@temporalio/client'
import { z } from 'zod'
import { modelQueue } from './names.js'

/**
 * What a compute worker says of itself, in the identity that it polls its queues with: so a Temporal server can tell who is
 * there, and nothing else is needed for workers to be found.
 */
export interface Announcement {
  /** Host and process. */
  readonly worker: string
  readonly model: string
  /** The model's content hash; '' where its files could not be read. */
  readonly content: string
  /** Engine processes at most, and what they may hold together, bytes. */
  readonly engines: number
  readonly memory: number
  /** What it can compute on: `cpu` or `cpu, cuda`. */
  readonly device: string
  /** Its kind of processor (`kernelsHere`); '' where it does not say. */
  readonly kernels: string
}

export interface SeenWorker extends Announcement {
  readonly lastSeen: Date
}

/** A worker asks again at least every minute; one that was not seen for longer is gone. */
const patience = 75_000

const schema = z.object({
  model: z.string(),
  content: z.string(),
  engines: z.number(),
  memory: z.number(),
  device: z.string(),
  kernels: z.string().default(''),
})

export function thisWorker(): string {
  return `${hostname()}/${process.pid}`
}

export function identityOf({ worker, ...said }: Announcement): string {
  return `${worker} ${JSON.stringify(said)}`
}

/** Null for other programs' identities. */
export function announcementOf(identity: string): Announcement | null {
  const space = identity.indexOf(' ')
  try {
    return { worker: identity.slice(0, space), ...schema.parse(JSON.parse(identity.slice(space + 1))) }
  } catch {
    return null
  }
}

/** The workers that have a model by this id, whatever its content, and were seen lately. */
export async function workersWith(
  connection: Pick<Connection, 'workflowService'>,
  namespace: string,
  model: string,
): Promise<SeenWorker[]> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: modelQueue(model) },
    taskQueueType: 2, // of activities
  })
  const now = Date.now()
  const seen = (pollers ?? []).flatMap(({ identity, lastAccessTime }) => {
    const announced = announcementOf(identity ?? '')
    const lastSeen = new Date(Number(lastAccessTime?.seconds ?? 0) * 1000)
    return announced && now - lastSeen.getTime() < patience ? [{ ...announced, lastSeen }] : []
  })
  return [...new Map(seen.map((worker) => [worker.worker, worker])).values()]
}

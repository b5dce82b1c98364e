import { hostname } from 'node:os'
import type { Connection } from '@temporalio/client'
import { z } from 'zod'
import { modelQueue } from './names.js'

/** What a compute worker announces in the identity with which it polls its queues, so that workers are found through Temporal alone. */
export interface Announcement {
  /** Host and process. */
  readonly worker: string
  readonly model: string
  /** The model's content hash; '' if its files could not be read. */
  readonly content: string
  /** Maximum number of engine processes. */
  readonly engines: number
  /** Memory limit of all engine processes together, bytes. */
  readonly memory: number
  /** Available devices: `cpu` or `cpu, cuda`. */
  readonly device: string
  /** Kind of processor (`kernelsHere`); '' if not announced. */
  readonly kernels: string
}

export interface SeenWorker extends Announcement {
  readonly lastSeen: Date
}

/** Workers poll at least every minute; one not seen for this long has stopped, ms. */
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

/** Recently seen workers that have a model with this id, whatever its content. */
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

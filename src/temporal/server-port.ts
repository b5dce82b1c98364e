import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TaskvecError } from '../domain/errors.js'

/**
 * The port for our Temporal server: `wanted` or TASKVEC_TEMPORAL_PORT if given, else `last` if free, else any free one. Another
 * program may take it before the server does; the caller checks for that. Errors: SERVER if the given port is taken.
 */
export async function choosePort(wanted: number | undefined, last: number | undefined): Promise<number> {
  const fixed = wanted ?? process.env['TASKVEC_TEMPORAL_PORT']
  if (fixed !== undefined && fixed !== '') {
    const port = await listen(Number(fixed))
    if (port) return port
    throw new TaskvecError('SERVER', `port ${fixed} for the Temporal server is in use or not allowed`, {
      hint: 'Free the port, set TASKVEC_TEMPORAL_PORT to another, or unset it to use any free one.',
    })
  }
  return (last !== undefined && (await listenAgain(last))) || (await listen(0)) || 7233
}

/**
 * Waits for the server's last port, where workers expect it to come back. Threads of a killed server may hold the port a moment
 * longer than its process is visible.
 */
async function listenAgain(port: number): Promise<number | null> {
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await listen(port)) return port
    await sleep(100)
  }
  return null
}

/** The port if it can be listened on, else null; 0: any free port. */
function listen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    if (!(port >= 0 && port <= 65_535)) return resolve(null)
    const probe = createServer()
    probe.once('error', () => resolve(null))
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? null) : null))
    })
  })
}

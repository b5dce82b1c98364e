import { serve, type ServerType } from '@hono/node-server'
import { TaskvecError } from '../domain/errors.js'

type Handler = Parameters<typeof serve>[0]['fetch']

/** On loopback; port 0 takes a free one. Errors: USAGE if the port cannot be used. */
export function listen(fetch: Handler, port: number): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: '127.0.0.1', serverOptions: { maxHeaderSize: 8192 } }, () =>
      resolve(server),
    )
    server.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' || error.code === 'EACCES'
          ? new TaskvecError('USAGE', `port ${port} cannot be used: ${error.code}`, {
              hint: 'Choose another with --port, or leave it out for a free one.',
              cause: error,
            })
          : error,
      ),
    )
  })
}

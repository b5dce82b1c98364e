import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { openReadOnly } from '../store/open.js'
import { built } from '../system/built.js'
import { Groups } from './groups.js'
import { LayerFigure } from './layer-figure.js'
import { listen } from './listen.js'
import { Playground } from './playground.js'
import { routes } from './routes.js'
import { Watch } from './watch.js'

export interface PageServer {
  /** With the token. */
  readonly url: string
  readonly token: string
  readonly close: () => Promise<void>
}

/** Serves the page for one database on loopback; port 0 takes a free one. Errors: STORE; USAGE if the port is taken. */
export async function startPageServer(
  database: string,
  { port = 0, pageFolder = built('page') }: { port?: number; pageFolder?: string } = {},
): Promise<PageServer> {
  const db = openReadOnly(database)
  const playground = new Playground(db)
  const token = randomBytes(24).toString('base64url')
  let listening = port
  const closing = new AbortController()
  const watch = new Watch(db, database)
  const app = routes({
    watch,
    groups: new Groups(db, watch),
    figure: new LayerFigure(db),
    playground,
    token,
    database,
    port: () => listening,
    pageFolder,
    closing: closing.signal,
  })
  const server = await listen(app.fetch, port).catch((error: unknown) => {
    db.close()
    throw error
  })
  listening = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${listening}/?token=${token}`,
    token,
    close: async () => {
      closing.abort()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        // Pages that listen for changes would keep it open.
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
      await playground.close()
      db.close()
    },
  }
}

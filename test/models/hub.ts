import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A stand-in for Hugging Face's HTTP interface, serving one folder as the repository test/tiny, with faults to order. */
export interface Hub {
  readonly url: string
  /** `path` or `path from byte N` of every content request, and the tokens that came with requests. */
  readonly requests: string[]
  readonly tokens: (string | undefined)[]
  readonly files: Map<string, Buffer>
  /** Files of further repositories, test/NAME, by the NAME of each. */
  readonly others: Map<string, Map<string, Buffer>>
  /** Commit by branch or tag; commits stand for themselves. */
  readonly revisions: Map<string, string>
  readonly faults: Faults
  close(): Promise<void>
}

interface Faults {
  /** Every request is answered so, this many times. */
  status?: { code: number; times: number }
  /** Content responses end after this many bytes, this many times. */
  cut?: { after: number; times: number }
  /** Content responses stop after this many bytes and stay open, once. */
  stall?: number
  /** Content is served with its last byte changed. */
  altered?: boolean
  /** Further entries of the listing. */
  listed?: object[]
}

const commit = '0123456789abcdef0123456789abcdef01234567'

export async function startHub(folder: string): Promise<Hub> {
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
  const hub = {
    requests: [] as string[],
    tokens: [] as (string | undefined)[],
    files,
    others: new Map<string, Map<string, Buffer>>(),
    revisions: new Map([['main', commit]]),
    faults: {} as Faults,
  }
  const server = createServer((request, response) => answer(hub, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    ...hub,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function answer(hub: Omit<Hub, 'url' | 'close'>, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?')[0] ?? ''
  const revision = /^\/api\/(?:models|datasets)\/test\/\w+\/revision\/(.+)$/.exec(path)?.[1] ?? ''
  const name = /\/test\/(\w+)\//.exec(path)?.[1] ?? ''
  const files = name === 'tiny' ? hub.files : (hub.others.get(name) ?? new Map<string, Buffer>())
  const commits = [...hub.revisions.values()]
  const sha = hub.revisions.get(revision) ?? commits.find((commit) => commit === revision)
  hub.tokens.push(request.headers.authorization)
  if (hub.faults.status && hub.faults.status.times-- > 0) {
    response.writeHead(hub.faults.status.code).end()
  } else if (sha !== undefined) {
    json(response, { id: `test/${name}`, sha })
  } else if (
    commits.some(
      (commit) => /^\/api\/(models|datasets)\/test\/\w+\/tree\//.test(path) && path.endsWith(commit),
    )
  ) {
    json(response, [...[...files].map(listed), ...(hub.faults.listed ?? [])])
  } else if (
    commits.some((commit) => path.replace('/datasets/', '/').startsWith(`/test/${name}/resolve/${commit}/`))
  ) {
    content({ ...hub, files }, path.split(/\/resolve\/\w+\//).at(-1) ?? '', request, response)
  } else {
    response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
  }
}

/** Large files lie beside git under their sha256; small ones within it, under git's own hash. */
function listed([path, bytes]: [string, Buffer]): object {
  const git = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const lfs = /\.(safetensors|bin)$/.test(path)
    ? { lfs: { oid: sha256, size: bytes.length, pointerSize: 130 } }
    : {}
  return { type: 'file', path, size: bytes.length, oid: git, ...lfs }
}

function content(
  hub: Omit<Hub, 'url' | 'close'>,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const bytes = Buffer.from(hub.files.get(name) ?? '')
  if (hub.faults.altered) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
  const [start, end] = range ? [Number(range[1]), Number(range[2]) + 1] : [0, bytes.length]
  const body = bytes.subarray(start, end)
  const headers: Record<string, string | number> = { etag: '"x"', 'content-length': body.length }
  if (range) headers['content-range'] = `bytes ${start}-${end - 1}/${bytes.length}`
  response.writeHead(range ? 206 : 200, headers)
  // The first byte alone is how a client asks for the size.
  if (end - start === 1 && start === 0) return void response.end(body)

  hub.requests.push(start === 0 ? name : `${name} from byte ${start}`)
  const { cut, stall } = hub.faults
  if (cut && cut.times > 0 && body.length > cut.after) {
    cut.times--
    response.write(body.subarray(0, cut.after), () => setTimeout(() => response.destroy(), 20))
  } else if (stall !== undefined && body.length > stall) {
    delete hub.faults.stall
    response.write(body.subarray(0, stall))
  } else {
    response.end(body)
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

import { execaSync } from 'execa'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createSecureServer, type Http2SecureServer, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

export interface Certificates {
  readonly ca: string
  readonly server: Pair
  readonly client: Pair
  /** Signed by somebody else. */
  readonly stranger: Pair
}

interface Pair {
  readonly cert: string
  readonly key: string
}

/** Whether there is an `openssl` to make certificates with. */
export function opensslIsThere(): boolean {
  return execaSync('openssl', ['version'], { reject: false }).exitCode === 0
}

/** A certificate authority with a server's and a client's certificate, as files. */
export function makeCertificates(folder: string): Certificates {
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execaSync('openssl', args)
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  function authority(name: string): Pair {
    const pair = { cert: file(`${name}.pem`), key: file(`${name}.key`) }
    openssl(
      'req',
      '-x509',
      ...curve,
      '-keyout',
      pair.key,
      '-out',
      pair.cert,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    )
    return pair
  }
  function signed(name: string, by: Pair): Pair {
    const pair = { cert: file(`${name}.pem`), key: file(`${name}.key`) }
    writeFileSync(file('san.cnf'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
    openssl('req', ...curve, '-keyout', pair.key, '-out', file(`${name}.csr`), '-subj', `/CN=${name}`)
    openssl(
      ...['x509', '-req', '-in', file(`${name}.csr`), '-CA', by.cert, '-CAkey', by.key, '-CAcreateserial'],
      ...['-out', pair.cert, '-days', '2', '-extfile', file('san.cnf')],
    )
    return pair
  }
  const ca = authority('ca')
  return {
    ca: ca.cert,
    server: signed('server', ca),
    client: signed('client', ca),
    stranger: signed('stranger', authority('other-ca')),
  }
}

/**
 * A Temporal server behind mutual TLS and an API key, as Temporal Cloud is: an HTTP/2 proxy before the local one, which lets
 * through nobody without a certificate of its authority and the key.
 */
export async function guard(
  upstream: string,
  { ca, server }: Certificates,
  apiKey: string,
): Promise<{ address: string; refused: () => number; close: () => void }> {
  let refused = 0
  const client = connect(`http://${upstream}`)
  const proxy: Http2SecureServer = createSecureServer({
    ...{ cert: readFileSync(server.cert), key: readFileSync(server.key), ca: readFileSync(ca) },
    ...{ requestCert: true, rejectUnauthorized: true },
  })
  proxy.on('stream', (stream, headers) => {
    if (headers.authorization !== `Bearer ${apiKey}`) {
      refused++
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': '16',
          'grpc-message': 'no such key',
        },
        { endStream: true },
      )
      return
    }
    const { ':method': method, ':path': path, ...rest } = headers
    const request = client.request({ ...without(rest), ':method': method as string, ':path': path as string })
    let trailers: IncomingHttpHeaders = {}
    request.on('response', (answer, flags) => {
      const ended = (flags & 1) === 1
      stream.respond(answer, { waitForTrailers: !ended, endStream: ended })
    })
    request.on('trailers', (last: IncomingHttpHeaders) => void (trailers = last))
    stream.on('wantTrailers', () => stream.sendTrailers(without(trailers)))
    stream.on('error', () => request.close())
    stream.on('aborted', () => request.close())
    request.on('error', () => stream.close())
    stream.pipe(request).pipe(stream)
  })
  proxy.on('tlsClientError', () => refused++)
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    address: `localhost:${(proxy.address() as AddressInfo).port}`,
    refused: () => refused,
    close() {
      client.destroy()
      proxy.close()
    },
  }
}

/** Headers that belong to one connection stay on it. */
function without(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) => !name.startsWith(':') && name !== 'connection' && value,
    ),
  ) as Record<string, string | string[]>
}

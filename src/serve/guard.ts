import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** Requests of the page are shorter. */
const longestUrl = 2000

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const headers = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

/**
 * Only those who have the link may send requests. Another site in the same browser has neither our Host (DNS rebinding), nor
 * our Origin, nor the token; the token comes once in the link and is then kept in a cookie that scripts cannot read.
 * Only GET and HEAD, since the server is read-only; and at `posts`, questions as JSON: from programs with the token in the
 * header, from a browser's cookie only if `ofPage`, and with our own Origin, which every browser sends with a POST.
 */
export function guard(
  port: () => number,
  token: string,
  { posts, ofPage }: { readonly posts: readonly string[]; readonly ofPage: boolean },
): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context
    for (const [name, value] of Object.entries(headers)) context.header(name, value)
    const post = req.method === 'POST' && posts.includes(req.path)
    if (req.method !== 'GET' && req.method !== 'HEAD' && !post) return refused(context, 'only GET', 405)
    if (post && !/^application\/json(;|$)/.test(req.header('content-type') ?? ''))
      return refused(context, 'only application/json', 415)
    if (req.url.length > longestUrl) return refused(context, 'the address is too long', 414)

    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`]
    if (!hosts.includes(req.header('host') ?? '')) return refused(context, 'wrong Host', 403)
    const origin = req.header('origin')
    if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`))
      return refused(context, 'wrong Origin', 403)
    if (req.header('sec-fetch-site') === 'cross-site' && req.header('sec-fetch-mode') !== 'navigate')
      return refused(context, 'the request comes from another site', 403)

    const cookie = `taskvec_${port()}`
    const given = req.query('token')
    if (given !== undefined) {
      if (!same(given, token)) return refused(context, 'wrong token', 403)
      setCookie(context, cookie, token, { httpOnly: true, sameSite: 'Strict', path: '/' })
      // The token does not stay in the address bar or the history.
      return context.redirect('/')
    }
    const bearer = req.header('authorization')?.replace(/^Bearer /, '')
    const known = post && !(ofPage && origin !== undefined) ? undefined : getCookie(context, cookie)
    if (!same(bearer ?? known ?? '', token))
      return refused(
        context,
        'Open the link that `taskvec serve` printed: it holds the token. Programs send it as Authorization: Bearer TOKEN.',
        401,
      )
    return next()
  }
}

/** As JSON to programs, as text to the address bar. */
export function refused(context: Context, error: string, status: ContentfulStatusCode): Response {
  return context.req.path.startsWith('/api/') ? context.json({ error }, status) : context.text(error, status)
}

/** Takes constant time. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'

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
    if (req.method !== 'GET' && req.method !== 'HEAD' && !post) return context.text('only GET', 405)
    if (post && !/^application\/json(;|$)/.test(req.header('content-type') ?? ''))
      return context.text('only application/json', 415)
    if (req.url.length > longestUrl) return context.text('the address is too long', 414)

    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`]
    if (!hosts.includes(req.header('host') ?? '')) return context.text('wrong Host', 403)
    const origin = req.header('origin')
    if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`))
      return context.text('wrong Origin', 403)
    if (req.header('sec-fetch-site') === 'cross-site' && req.header('sec-fetch-mode') !== 'navigate')
      return context.text('the request comes from another site', 403)

    const cookie = `taskvec_${port()}`
    const given = req.query('token')
    if (given !== undefined) {
      if (!same(given, token)) return context.text('wrong token', 403)
      setCookie(context, cookie, token, { httpOnly: true, sameSite: 'Strict', path: '/' })
      // The token does not stay in the address bar or the history.
      return context.redirect('/')
    }
    const bearer = req.header('authorization')?.replace(/^Bearer /, '')
    const known = post && !(ofPage && origin !== undefined) ? undefined : getCookie(context, cookie)
    if (!same(bearer ?? known ?? '', token))
      return context.text('Open the link that `taskvec serve` printed: it holds the token.', 401)
    return next()
  }
}

/** Takes constant time. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

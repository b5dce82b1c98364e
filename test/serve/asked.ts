import type { PageServer } from '../../src/serve/server.js'

/** What the API answers to the page's own token. */
export async function asked<T>({ url, token }: PageServer, path: string): Promise<T> {
  const response = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } })
  return (await response.json()) as T
}

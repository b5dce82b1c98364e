import { useEffect, useState } from 'preact/hooks'

/** Queries this page's server. Throws its error message. */
export async function ask<T>(path: string, query: Record<string, string> = {}): Promise<T> {
  const search = new URLSearchParams(query).toString()
  return read<T>(await fetch(`/api/v1/${path}${search ? `?${search}` : ''}`))
}

/** The same for a question as JSON. */
export async function post<T>(path: string, question: object): Promise<T> {
  const headers = { 'Content-Type': 'application/json' }
  return read<T>(await fetch(`/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(question) }))
}

async function read<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T
  const text = await response.text()
  throw new Error(text.startsWith('{') ? (JSON.parse(text) as { error: string }).error : text)
}

/** Counts the database's changes; reconnects by itself. `null`: no connection. */
export function useChanges(): number | null {
  const [changes, setChanges] = useState<number | null>(0)
  useEffect(() => {
    let count = 0
    const events = new EventSource('/api/v1/changes')
    events.addEventListener('change', () => setChanges(++count))
    events.addEventListener('error', () => setChanges(null))
    return () => events.close()
  }, [])
  return changes
}

export interface Answer<T> {
  readonly value: T | null
  readonly error: string | null
}

/** The server's answer, fetched again whenever `again` changes; the last one stays until the next arrives. */
export function useAnswer<T>(path: string | null, query: Record<string, string>, again: unknown): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { path: string | null }>({
    value: null,
    error: null,
    path,
  })
  const key = JSON.stringify([path, query])
  useEffect(() => {
    if (path === null || again === null) return
    let wanted = true
    ask<T>(path, query).then(
      (value) => wanted && setAnswer({ value, error: null, path: key }),
      (error: unknown) => wanted && setAnswer({ value: null, error: (error as Error).message, path: key }),
    )
    return () => void (wanted = false)
  }, [key, again])
  return answer
}

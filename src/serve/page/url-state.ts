import { useEffect, useState } from 'preact/hooks'

/** The page's choices in the URL's fragment: a view can be shared and survives a reload. */
export type UrlState = Readonly<Record<string, string>>

/** The state, and how to change it: null takes a key out. */
export function useUrlState(): [UrlState, (changes: Readonly<Record<string, string | null>>) => void] {
  const [state, setState] = useState(read)
  useEffect(() => {
    const follow = () => setState(read())
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  function change(changes: Readonly<Record<string, string | null>>) {
    const next = new URLSearchParams(read())
    for (const [key, value] of Object.entries(changes))
      if (value === null || value === '') next.delete(key)
      else next.set(key, value)
    history.replaceState(null, '', next.size > 0 ? `#${next.toString()}` : location.pathname)
    dispatchEvent(new Event('hashchange')) // replaceState notifies no one
  }
  return [state, change]
}

function read(): UrlState {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
}

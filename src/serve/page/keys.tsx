import { useEffect, useRef } from 'preact/hooks'

/** The keys and their help texts. */
const help = [
  ['↑ ↓', 'previous and next item or field'],
  ['← →', 'previous and next layer; among accuracies, model'],
  ['Enter', 'open a field; open or close an item'],
  ['Home, End', 'first and last of the list'],
  ['Page Up, Page Down', 'previous and next fifty items'],
  ['/', 'search items'],
  ['Escape', 'back from the search to the list'],
  ['?', 'this help'],
] as const

/** Calls the function of a pressed key, unless the user is typing. */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const now = useRef(keys)
  now.current = keys
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey || at.closest('input, select, textarea, dialog'))
        return
      const work = now.current[event.key]
      if (!work) return
      event.preventDefault()
      work()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}

/** The button that opens the list of keys, also opened by `?`. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null)
  const open = () => dialog.current?.showModal()
  useKeys({ '?': open })
  return (
    <>
      <button type="button" onClick={open} aria-label="keys">
        ?
      </button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <table>
          <tbody>
            {help.map(([key, does]) => (
              <tr key={key}>
                <th scope="row">
                  <kbd>{key}</kbd>
                </th>
                <td>{does}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <form method="dialog">
          <button>close</button>
        </form>
      </dialog>
    </>
  )
}

const steps: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [-Infinity, 0],
  End: [Infinity, 0],
}

/**
 * Moves the focus among the elements that carry `data-at="ROW COLUMN"`, which together are one tab stop.
 */
export function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const step = steps[event.key]
  const from = (event.target as HTMLElement).dataset['at']
  if (!step || from === undefined) return
  event.preventDefault()
  const [row, column] = place(from)
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-at]')]
  const ahead = all
    .map((element) => ({ element, at: place(element.dataset['at'] ?? '') }))
    .filter(({ at }) =>
      step[0] === 0
        ? at[0] === row && Math.sign(at[1] - column) === step[1]
        : at[1] === column && Math.sign(at[0] - row) === Math.sign(step[0]),
    )
    .sort((a, b) => Math.abs(a.at[0] - row + a.at[1] - column) - Math.abs(b.at[0] - row + b.at[1] - column))
  const next = Number.isFinite(step[0]) ? ahead[0] : ahead.at(-1)
  next?.element.focus()
}

function place(at: string): [number, number] {
  const [row = 0, column = 0] = at.split(' ').map(Number)
  return [row, column]
}

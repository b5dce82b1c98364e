import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined
let uncollected = 0

/** As little as no collection is worth: one takes the time of a small block's whole pass. */
const worthwhile = 8 << 20

/** Frees dropped weights at once: left to itself, the collector would let several blocks pile up beside the one at work. */
export function collectGarbage(droppedBytes = Infinity): void {
  uncollected += droppedBytes
  if (uncollected < worthwhile) return
  uncollected = 0
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}

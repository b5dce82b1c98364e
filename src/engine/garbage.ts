import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined
let uncollected = 0

/** Bytes below which no collection is worthwhile: one takes as long as a small block's pass. */
const worthwhile = 8 << 20

/** Frees dropped weights at once; otherwise the weights of several blocks would pile up in memory. */
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

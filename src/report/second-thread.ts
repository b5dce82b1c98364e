import { parentPort, workerData } from 'node:worker_threads'
import { openReadOnly } from '../store/open.js'
import type { ResultFilter } from '../experiments/sweep-rows.js'
import { everything, renderer } from './part.js'
import type { SecondThreadInput } from './two-threads.js'

/** The second thread of two-threads.ts: renders the parts that it is asked for, one after the other. */
const input = workerData as SecondThreadInput
const render = renderer(openReadOnly(input.db), input)
parentPort?.on('message', (filters: ResultFilter[]) => {
  const part = render(filters, everything)
  parentPort?.postMessage(part, [part.bytes.buffer])
})
parentPort?.postMessage('ready')

import { readFileSync } from 'node:fs'
import { TaskvecError } from '../domain/errors.js'

/** Addresses that Node, onnxruntime and the report's threads reserve at least, bytes. Below, they abort without a word of ours. */
const least = 2.5e9
/** Temporal's worker reads its source maps by WebAssembly, which reserves 10 GB of addresses. */
const leastWithWorker = 16e9
const withWorker = ['run', 'resume', 'worker']

/** Errors: SYSTEM where `ulimit -v` leaves this process too few addresses for the command. Linux only. */
export function refuseFewAddresses(command: string | undefined, limits = readLimits()): void {
  const limit = Number(/^Max address space\s+(\d+)/m.exec(limits)?.[1] ?? Infinity)
  const needed = command !== undefined && withWorker.includes(command) ? leastWithWorker : least
  if (limit >= needed) return
  throw new TaskvecError(
    'SYSTEM',
    `ulimit -v leaves this process ${(limit / 1e9).toFixed(1)} GB of addresses; it needs ${needed / 1e9} GB, most of them never used`,
    { hint: 'Lift it: ulimit -v unlimited. To limit memory itself: --memory-limit, or a control group.' },
  )
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return '' // not Linux, or no /proc
  }
}

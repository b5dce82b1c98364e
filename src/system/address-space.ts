import { readFileSync } from 'node:fs'
import { TaskvecError } from '../domain/errors.js'

/** Minimum address space that Node and onnxruntime reserve, bytes; with less, they abort before we can report an error. */
const least = 2.5e9
/** Temporal's worker parses source maps in WebAssembly, which reserves 10 GB of addresses. */
const leastWithWorker = 16e9
const withWorker = ['run', 'resume', 'worker']

/** Errors: SYSTEM if `ulimit -v` leaves too little address space for the command. Linux only. */
export function refuseFewAddresses(command: string | undefined, limits = readLimits()): void {
  const limit = Number(/^Max address space\s+(\d+)/m.exec(limits)?.[1] ?? Infinity)
  const needed = command !== undefined && withWorker.includes(command) ? leastWithWorker : least
  if (limit >= needed) return
  throw new TaskvecError(
    'SYSTEM',
    `ulimit -v leaves this process ${(limit / 1e9).toFixed(1)} GB of address space; it needs ${needed / 1e9} GB, most of it never used`,
    { hint: 'Run ulimit -v unlimited. To limit memory, use --memory-limit or a control group.' },
  )
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return '' // not Linux, or no /proc
  }
}

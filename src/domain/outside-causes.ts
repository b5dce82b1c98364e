/** Describes a failure whose cause is outside the program: disk, memory, files, processes, network. */
export interface OutsideCause {
  readonly message: string
  readonly hint?: string
}

const freeSpace = 'Free some space and run the command again: stored results are kept.'
const reachable = 'Check the address, the network and any proxy, then run the command again.'

/** What Node's error codes mean, and what to do. */
const codes: Readonly<Record<string, readonly [string, string?]>> = {
  ENOSPC: ['the disk is full', freeSpace],
  EDQUOT: ['the disk quota is used up', freeSpace],
  EIO: ['the disk or device failed', 'Check the disk, then run the command again.'],
  EROFS: ['the file system is read-only', 'Choose a place that can be written to.'],
  EACCES: ['permission denied', 'Change its permissions, or name another place.'],
  EPERM: ['not permitted', 'Change its permissions or owner, or name another place.'],
  ENOENT: ['no such file or folder', 'Check the path.'],
  EISDIR: ['a folder, not a file', 'Name a file.'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'Check the path.'],
  EEXIST: ['it already exists', 'Name another place.'],
  ENOTEMPTY: ['the folder is not empty', 'Name another place.'],
  ELOOP: ['a symbolic link that leads back to itself', 'Remove the link, or name another place.'],
  ENAMETOOLONG: ['the name is too long', 'Name a shorter path.'],
  ETXTBSY: ['the program is being written to', 'Try again.'],
  EBUSY: ['it is in use', 'Try again when it is free.'],
  EMFILE: ['too many files are open in this process', 'Raise the limit: ulimit -n 4096.'],
  ENFILE: ['too many files are open on this machine', 'End other programs, then try again.'],
  ENOMEM: ['no memory is left', 'End other programs, or limit the engines: --engines 1, --memory-limit.'],
  EAGAIN: ['the system cannot start another process', 'End other programs, or raise ulimit -u.'],
  ECONNREFUSED: ['the connection was refused: nothing is listening there', reachable],
  ECONNRESET: ['the connection was cut', reachable],
  EPIPE: ['the other side has closed the connection', 'Try again.'],
  ENOTFOUND: ['the host name is not known', reachable],
  EAI_AGAIN: ['the host name cannot be looked up', reachable],
  EHOSTUNREACH: ['the host cannot be reached', reachable],
  ENETUNREACH: ['the network cannot be reached', reachable],
  ETIMEDOUT: ['it did not answer in time', reachable],
  EADDRINUSE: ['the port is in use', 'Name another port.'],
  EADDRNOTAVAIL: ['this machine does not have that address', 'Name another address.'],
}

/** How V8, Node and the loader report that memory or address space has run out. */
const outOfMemory =
  /WebAssembly\.\w+\(\): Out of memory|Array buffer allocation failed|failed to map segment|Cannot allocate memory|std::bad_alloc/

/** Null if the error is none of these, and so the program's own fault. */
export function outsideCause(error: unknown): OutsideCause | null {
  if (!(error instanceof Error)) return null
  const { code, path, address, port, syscall } = error as NodeJS.ErrnoException & {
    address?: string
    port?: number
  }
  if (
    outOfMemory.test(error.message) ||
    code === 'ERR_WORKER_OUT_OF_MEMORY' ||
    code === 'ERR_WORKER_INIT_FAILED'
  )
    return {
      message: `this process cannot get more memory from the system: ${error.message}`,
      hint: 'If ulimit -v is set, lift it (ulimit -v unlimited): Node reserves far more addresses than it uses. Limit memory with --memory-limit or a control group instead.',
    }
  const known = typeof code === 'string' ? codes[code] : undefined
  if (known !== undefined && syscall !== undefined) {
    const where =
      path ?? (address === undefined ? syscall : `${address}${port === undefined ? '' : `:${port}`}`)
    const [message, hint] = known
    return { message: `${where}: ${message} (${code})`, ...(hint === undefined ? {} : { hint }) }
  }
  return outsideCause(error.cause)
}

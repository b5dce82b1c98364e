import { readFileSync, renameSync, writeFileSync, readdirSync, rmSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine, isAlive, runningProcesses } from '../system/process-table.js'

export interface ServerRecord {
  readonly pid: number
  readonly port: number
  readonly database: string
}

/** A server on this database without a record: the process that started it was killed before writing one. */
export function unrecorded(database: string): ServerRecord | null {
  for (const { pid, command } of runningProcesses()) {
    const port = /server start-dev .*--port (\d+)/.exec(command)?.[1]
    if (port && command.includes(`--db-filename ${database} `) && isAlive(pid))
      return { pid, port: Number(port), database }
  }
  return null
}

/** Whether the recorded process is still our server, whose command line names our database: its pid may have been reused. */
export function isOurs({ pid, database }: ServerRecord): boolean {
  return isAlive(pid) && commandLine(pid).includes(database)
}

export function readRecord(folder: string): ServerRecord | null {
  try {
    const record = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')) as Partial<ServerRecord>
    const { pid, port, database } = record
    return typeof pid === 'number' && typeof port === 'number' && typeof database === 'string'
      ? { pid, port, database }
      : null
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

export function writeRecord(folder: string, record: ServerRecord): void {
  const file = join(folder, 'server.json')
  writeFileSync(`${file}.new`, JSON.stringify(record))
  renameSync(`${file}.new`, file)
}

/** Pids of the other living processes that share the server; removes the files of dead ones. */
export function livingUsers(folder: string): number[] {
  const users = readdirSync(join(folder, 'users')).map(Number)
  for (const pid of users) if (!isAlive(pid)) rmSync(join(folder, 'users', String(pid)), { force: true })
  return users.filter((pid) => pid !== process.pid && isAlive(pid))
}

export function readLog(folder: string): string {
  const file = join(folder, 'server.log')
  return existsSync(file) ? readFileSync(file, 'utf8') : '(no log)'
}

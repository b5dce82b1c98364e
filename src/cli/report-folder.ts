import { dirname, join } from 'node:path'

/** Default folder of a sweep's report. */
export function reportFolder(db: string, sweep: string): string {
  return join(dirname(db), 'reports', sweep)
}

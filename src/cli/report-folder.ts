import { dirname, join } from 'node:path'

/** Where a sweep's report stands when no other place is named. */
export function reportFolder(db: string, sweep: string): string {
  return join(dirname(db), 'reports', sweep)
}

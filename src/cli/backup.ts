import { Command } from 'commander'
import { resolve } from 'node:path'
import { readableSize } from '../models/free-space.js'
import { backUp } from '../store/backup.js'
import { dbOption } from './options.js'
import { expanded } from '../system/home.js'

/** `taskvec backup FILE`. */
export function backupCommand(): Command {
  return new Command('backup')
    .argument('<file>', 'the copy to write; must not exist yet', expanded)
    .addOption(dbOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The copy is a consistent snapshot, checked with SQLite's integrity_check before
it gets its name. Any command reads it with --db, and resume continues from it.
docs/reliability.md shows how to restore it.

Examples:
  $ taskvec backup backups/monday.db
  $ taskvec resume --db backups/monday.db`,
    )
    .action(async (file: string, { db, json }: { db: string; json?: boolean }) => {
      const target = resolve(file)
      const bytes = await backUp(db, target)
      process.stdout.write(
        json
          ? `${JSON.stringify({ file: target, bytes })}\n`
          : `${target}: ${readableSize(bytes)}, checked\n`,
      )
    })
}

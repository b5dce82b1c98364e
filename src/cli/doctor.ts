import { Command } from 'commander'
import pc from 'picocolors'
import { examine, type Finding } from '../doctor/examine.js'

/** `taskvec doctor`. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Downloads and changes nothing. Exit code 1 if a sweep cannot run here.

Examples:
  $ taskvec doctor
  $ taskvec doctor --json`,
    )
    .action(doctor)
}

const marks: Record<Finding['verdict'], string> = {
  ok: pc.green('ok  '),
  warn: pc.yellow('warn'),
  fail: pc.red('fail'),
}

async function doctor({ json }: { json?: boolean }): Promise<void> {
  const findings = await examine()
  if (json) process.stdout.write(JSON.stringify(findings) + '\n')
  else
    for (const { verdict, subject, found, fix } of findings)
      process.stdout.write(
        `${marks[verdict]} ${subject.padEnd(18)} ${found}${fix ? `\n${' '.repeat(24)}${fix}` : ''}\n`,
      )
  if (findings.some(({ verdict }) => verdict === 'fail')) process.exitCode = 1
}

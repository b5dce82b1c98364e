// `npm test [-- VITEST ARGUMENTS]`: set-up, types, lint, then all tests on the real model and a real Temporal server.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, root } from './prepare.js'

prepare()
const report = join(root, '.taskvec', 'test-report.json')
mkdirSync(join(root, '.taskvec'), { recursive: true })
rmSync(report, { force: true })

step('the model', process.execPath, ['bin/taskvec.js', 'models', 'pull', 'smollm2-135m'])
step('a browser', process.execPath, ['bin/browser.js'])
step('types', 'npm', ['run', '--silent', 'typecheck'])
step('lint', 'npm', ['run', '--silent', 'lint'])
const tests = run('npx', [
  'vitest',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
])
const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
process.stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed\n`)
process.exit(tests.status ?? 1)

function step(name, command, args) {
  process.stderr.write(`test: ${name}\n`)
  const { status } = run(command, args)
  if (status === 0) return
  process.stderr.write(`test: ${name}: failed (${command} ${args.join(' ')})\n`)
  process.exit(status ?? 1)
}

function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
}

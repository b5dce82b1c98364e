// `npm test [-- VITEST ARGUMENTS]`: set-up, types, then lint and all tests, on the real model and a real Temporal server.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, root } from './prepare.js'

prepare({ tools: true })
const report = join(root, '.taskvec', 'test-report.json')
mkdirSync(join(root, '.taskvec'), { recursive: true })
rmSync(report, { force: true })

step('the model', process.execPath, ['bin/taskvec.js', 'models', 'pull', 'smollm2-135m-q4'])
step('a browser', process.execPath, ['bin/browser.js'])
step('types', 'npm', ['run', '--silent', 'typecheck'])
const linted = lint()
process.stderr.write('test: tests, and lint beside them\n')
const [tests] = await once(
  spawn(
    'npx',
    [
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...process.argv.slice(2),
    ],
    options(),
  ),
  'exit',
)
const { status, output } = await linted
if (status !== 0) process.stderr.write(`${output}test: lint: failed\n`)
const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
process.stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed\n`)
process.exit(tests || status || 0)

function step(name, command, args) {
  process.stderr.write(`test: ${name}\n`)
  const { status } = spawnSync(command, args, options())
  if (status === 0) return
  process.stderr.write(`test: ${name}: failed (${command} ${args.join(' ')})\n`)
  process.exit(status ?? 1)
}

/** Its output is shown at the end, so that its lines do not mix with those of the tests. */
async function lint() {
  const child = spawn('npm', ['run', '--silent', 'lint'], { ...options(), stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const [status] = await once(child, 'close')
  return { status, output }
}

function options() {
  return { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }
}

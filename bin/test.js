// `npm test [-- VITEST ARGUMENTS]`: set-up, types, lint, then all tests on the real model and a real Temporal server.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, root } from './prepare.js'

prepare({ tools: true })
const report = join(root, '.taskvec', 'test-report.json')
mkdirSync(join(root, '.taskvec'), { recursive: true })
rmSync(report, { force: true })

step('the model', process.execPath, ['bin/taskvec.js', 'models', 'pull', 'smollm2-135m'])
step('a browser', process.execPath, ['bin/browser.js'])
// Side by side: each takes one core.
await together([
  ['types', 'npm', ['run', '--silent', 'typecheck']],
  ['lint', 'npm', ['run', '--silent', 'lint']],
])
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
  failUnless(run(command, args).status, name, command, args)
}

async function together(steps) {
  process.stderr.write(`test: ${steps.map(([name]) => name).join(' and ')}\n`)
  await Promise.all(
    steps.map(async ([name, command, args]) => {
      const [status] = await once(spawn(command, args, options()), 'exit')
      failUnless(status, name, command, args)
    }),
  )
}

function failUnless(status, name, command, args) {
  if (status === 0) return
  process.stderr.write(`test: ${name}: failed (${command} ${args.join(' ')})\n`)
  process.exit(status ?? 1)
}

function run(command, args) {
  return spawnSync(command, args, options())
}

function options() {
  return { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }
}

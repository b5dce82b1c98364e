// Set-up that `npm start`, `npm test` and `npx taskvec` do by themselves on a fresh clone: install, then build.
// Plain JavaScript without dependencies, since it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const installStamp = join(root, 'node_modules', '.taskvec-installed')
const buildStamp = join(root, 'dist', '.taskvec-built')

/**
 * Installs and builds what is missing or out of date; if nothing is missing, it does nothing, in a few milliseconds. `tools`: also what
 * only tests and development need.
 */
export function prepare({ tools = false } = {}) {
  checkNode()
  if (!isInstalled(tools)) whileLocked(() => install(tools))
  if (!isBuilt()) whileLocked(build)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  fail(
    `taskvec needs Node 20.19 or later; this is ${process.versions.node}.`,
    'Install a newer one, for instance from https://nodejs.org.',
  )
}

function isInstalled(tools) {
  const [identity, what] = read(installStamp).split(' ')
  return identity === installIdentity() && (what === 'all' || !tools)
}

function install(asked) {
  if (isInstalled(asked)) return // another process did it meanwhile
  const tools = asked || hasTools()
  // node_modules may come from the user's own `npm ci`.
  if (!isThere(tools) || !works()) {
    say(
      `installing what ${tools ? 'tests need' : 'running needs'}, once: about a minute, more if better-sqlite3 has to be compiled`,
    )
    // Adds to what is installed; `ci` would start over.
    const npm = tools && isThere(false) && works() ? ['install', '--no-save'] : ['ci']
    const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' }
    // better-sqlite3 is compiled if its prebuilt binary cannot be downloaded: with this Node's own headers if it ships
    // them, since those that npm's settings name may be another version's.
    const prefix = join(dirname(process.execPath), '..')
    if (existsSync(join(prefix, 'include', 'node', 'node_version.h'))) {
      env.npm_package_config_node_gyp_nodedir = prefix
      // Only node-gyp 11.4 and later read that, and npm 12 warns about this.
      if (Number.parseInt(npmVersion()) < 12) env.npm_config_nodedir = prefix
    }
    run(
      'npm',
      [...npm, tools ? '--include=dev' : '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'],
      env,
    )
    run(process.execPath, ['-e', nativeModules], env)
  }
  writeFileSync(installStamp, `${installIdentity()} ${isThere(true) ? 'all' : 'running'}`)
}

function npmVersion() {
  return String(spawnSync('npm', ['--version'], { shell: process.platform === 'win32' }).stdout)
}

const nativeModules = 'new (require("better-sqlite3"))(":memory:"); require("onnxruntime-node")'

/** With the Node that runs now: compiled modules do not survive a change of its major version. */
function works() {
  return spawnSync(process.execPath, ['-e', nativeModules], { cwd: root, stdio: 'ignore' }).status === 0
}

/** Whether node_modules matches the lockfile, according to npm's own record. */
function isThere(tools) {
  const there = Object.fromEntries(npmRecord())
  return Object.entries(JSON.parse(read(join(root, 'package-lock.json'))).packages).every(
    ([path, { version, dev, optional, devOptional }]) =>
      path === '' || optional || devOptional || (dev && !tools) || there[path]?.version === version,
  )
}

/** A developer's clone keeps its tools when a new lockfile is installed. */
function hasTools() {
  return npmRecord().some(([, { dev }]) => dev)
}

/** The contents of node_modules, as recorded by npm. */
function npmRecord() {
  const record = read(join(root, 'node_modules', '.package-lock.json'))
  return record === '' ? [] : Object.entries(JSON.parse(record).packages)
}

function build() {
  if (isBuilt()) return
  say('building')
  run(process.execPath, [join(root, 'bin', 'build.js')])
}

function isBuilt() {
  return read(buildStamp) === buildIdentity()
}

/** Written by bin/build.js when it has finished. */
export function stampBuild() {
  writeFileSync(buildStamp, buildIdentity())
}

function installIdentity() {
  return hash([
    process.platform,
    process.arch,
    process.versions.modules,
    read(join(root, 'package-lock.json')),
  ])
}

function buildIdentity() {
  const parts = [
    read(join(root, 'package-lock.json')),
    read(join(root, 'tsconfig.json')),
    read(join(root, 'package.json')),
    read(join(root, 'bin', 'build.js')),
  ]
  for (const folder of ['src', 'workflows', 'activities']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(tsx?|css|html)$/.test(entry.name)) continue
      const file = join(entry.parentPath, entry.name)
      parts.push(file, read(file))
    }
  }
  return hash(parts)
}

/** One installer at a time: two commands started together on a fresh clone must not write the same folders. */
function whileLocked(work) {
  const lock = join(root, '.taskvec', 'prepare.lock')
  mkdirSync(dirname(lock), { recursive: true })
  for (let told = false; !take(lock); told = true) {
    const holder = Number(read(lock))
    if (!isAlive(holder))
      rmSync(lock, { force: true }) // it was killed
    else if (!told) say(`process ${holder} is setting up; waiting for it`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  }
  const release = () => rmSync(lock, { force: true })
  process.once('exit', release)
  work()
  release()
  process.removeListener('exit', release)
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function run(command, args, env = process.env) {
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status === 0) return
  if (result.signal) process.exit(130)
  fail(
    `taskvec: \`${command} ${args.join(' ')}\` failed${result.error ? `: ${result.error.message}` : ` with exit code ${result.status}`}.`,
    'See the lines above. Without open internet, better-sqlite3 is compiled: that needs python3, make and a C++ compiler.',
  )
}

function hash(parts) {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(String(part)).update('\0')
  return digest.digest('hex')
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

function say(text) {
  process.stderr.write(`taskvec: ${text}\n`)
}

function fail(message, hint) {
  process.stderr.write(`${message}\n  ${hint}\n`)
  process.exit(1)
}

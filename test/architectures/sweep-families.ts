import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { projectRoot } from '../../src/system/home.js'
import { familyModels, makeFamilyModel } from '../golden/families.js'

/**
 * `npm run families`: one sweep of three tasks over a tiny random model of each family, with one server, then `verify --full` of it.
 * Prints what both print; exits with 1 where a cell is missing or differs.
 */
const folder = mkdtempSync(join(tmpdir(), 'taskvec-families-'))
const models = familyModels.filter((name) => name.endsWith('-1'))
for (const name of models) makeFamilyModel(name, join(folder, name))

const word = (i: number) => `t${2 + (i % 46)}`
const pairs = (step: number) =>
  Array.from({ length: 40 }, (_, i) => ({ input: word(i), output: word(i + step) }))
const tasks = [3, 7, 11].map((step) => {
  writeFileSync(join(folder, `plus-${step}.json`), JSON.stringify(pairs(step)))
  return { id: `plus-${step}`, list: `plus-${step}.json`, scoring: 'exact' }
})
writeFileSync(
  join(folder, 'families.yaml'),
  // YAML is a superset of JSON.
  JSON.stringify({
    models: models.map((id) => ({ id: id.replace(/-1$/, ''), path: id })),
    tasks,
    demonstrations: 3,
    devItems: 6,
    testItems: 6,
    baselineItems: 6,
  }),
)

const db = ['--db', join(folder, 'families.db')]
const run = async (...args: string[]) => {
  const started = Date.now()
  const { exitCode } = await execa('node', [join(projectRoot(), 'bin', 'taskvec.js'), ...args, ...db], {
    stdio: 'inherit',
    reject: false,
  })
  process.stdout.write(
    `taskvec ${args[0]}: exit code ${exitCode}, ${Math.round((Date.now() - started) / 1000)} s\n`,
  )
  return exitCode === 0
}
const complete = await run('run', join(folder, 'families.yaml'), '--no-report', '--engines', '1')
const same = complete && (await run('verify', '--full'))
rmSync(folder, { recursive: true, force: true })
process.exitCode = same ? 0 : 1

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { writeSample } from '../report/sample-database.js'

const taskvec = join(projectRoot(), 'bin', 'taskvec.js')

describe('a wrong command line', () => {
  it.each([
    [['rum'], 2, 'unknown command "rum"; did you mean "run"?'],
    [['results', '--formatt', 'csv'], 2, 'Did you mean --format?'],
    [['run'], 2, "missing required argument 'config'"],
    [['predict'], 2, 'exactly one of --prompt, --token-ids and --task; 0 given'],
    [['serve', '--port', '65536'], 2, 'It must be a whole number from 0 to 65535'],
    [['predict', '--seed', '9007199254740993'], 2, 'It must be a whole number, at least 0'],
    [['tasks', 'show', 'my.csv'], 1, 'A list of your own is given by --file'],
    [['predict', '--token-ids', '5,x'], 2, '"x" is not a token id'],
    [['predict', '--task', 'algorithmic_to_upper'], 2, '--task needs --query'],
    [['predict', '--prompt', 'a', '--scale', '2'], 2, '--scale needs --vector'],
    [['predict', '--prompt', 'a', '--columns', 'x,y'], 2, '--columns needs --list'],
    [['predict', '--prompt', 'a', '--layer', '3'], 2, 'predict: layer is that of θ'],
    [['predict', '--prompt', 'a', '--layer', '3', '--layer', '4'], 2, '--layer is given 2 times'],
    [['predict', '--prompt', 'a', '--max-tokens', '1001'], 2, '--max-tokens: must be at most 1000'],
    [['predict', '--prompt', ''], 2, '--prompt: must not be empty'],
  ])('%j exits with %i and says what is wrong', async (args, exitCode, message) => {
    const result = await execa(process.execPath, [taskvec, ...args], { reject: false })
    expect(result.stderr).toContain(message)
    expect(result.stdout).toBe('')
    expect(result.exitCode).toBe(exitCode)
  })

  it('--help and --version go to stdout and succeed', async () => {
    const help = await execa(process.execPath, [taskvec, '--help'])
    expect(help.stdout).toContain('taskvec run quickstart')
    const version = await execa(process.execPath, [taskvec, '--version'])
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+$/)
  })
})

it('results say that no row matches a filter', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-usage-'))
  const db = join(folder, 'made-up.db')
  writeSample(db)
  const args = ['results', '--table', 'layers', '--layer', '99', '--format', 'csv', '--db', db]
  const result = await execa(process.execPath, [taskvec, ...args], { reject: false })
  rmSync(folder, { recursive: true })
  expect(result.stdout.trim().split('\n')).toHaveLength(1)
  expect(result.stderr).toContain('No row matches --layer 99.')
})

it('results of an unknown category are refused, with those there are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-usage-'))
  const db = join(folder, 'made-up.db')
  writeSample(db)
  const args = ['results', '--category', 'algoritmic', '--db', db]
  const result = await execa(process.execPath, [taskvec, ...args], { reject: false })
  rmSync(folder, { recursive: true })
  expect(result.exitCode).toBe(2)
  expect(result.stderr).toMatch(/no category "algoritmic"; did you mean "algorithmic"\?\n.*translation/)
})

it("resume of a stored config that is not taskvec's is refused, with the way back", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-usage-'))
  const db = join(folder, 'made-up.db')
  writeSample(db)
  const result = await execa(process.execPath, [taskvec, 'resume', '--db', db], {
    reject: false,
    cwd: folder,
  })
  rmSync(folder, { recursive: true })
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toMatch(/stored config lacks models, tasks.*\n.*taskvec run CONFIG/)
})

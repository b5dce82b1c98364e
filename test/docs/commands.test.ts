import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { wrongWith } from './command-line.js'
import { documented, pages } from './documented.js'
import { notRun } from './not-run.js'
import { apiSteps } from './steps/api.js'
import { databaseSteps } from './steps/database.js'
import { machineSteps } from './steps/machines.js'
import { quickstartSteps } from './steps/quickstart.js'
import { readmeSteps } from './steps/readme.js'
import { studySteps } from './steps/study.js'

const steps = [apiSteps, databaseSteps, machineSteps, quickstartSteps, readmeSteps, studySteps].flat()
const run = steps.flatMap(({ of }) => of)
const listed = Object.values(notRun).flat()
const texts = [...new Set(documented.map(({ text }) => text))]

/** What follows `taskvec` in a line of a shell. */
const commandLines = (text: string) =>
  text
    .split(/\s(?:&&|[|>&])\s?/)
    .flatMap((part) => /^(?:[A-Z_]+=\S+ )*taskvec (.*)$/.exec(part.trim())?.[1] ?? [])

const lines = [...new Set(texts.flatMap(commandLines))].filter((line) => !/^(COMMAND|命令) /.test(line))

describe('the docs', () => {
  it.each(lines)('taskvec %s is a command with these options', async (line) => {
    const words = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []
    expect(await wrongWith(words)).toEqual([])
  })

  it.each(pages)('%s links to files that exist', (page) => {
    const targets = [...readFileSync(page, 'utf8').matchAll(/(?:\]\(|src="|srcset=")([^)"#\s]+)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
    expect(targets.filter((target) => !existsSync(join(dirname(page), target)))).toEqual([])
  })

  it('README can be read in one sitting: below 1,500 words', () => {
    expect(readFileSync('README.md', 'utf8').split(/\s+/).length).toBeLessThan(1500)
  })
})

describe('commands of the docs', () => {
  it('are run here, or listed with the reason why not', () => {
    // `taskvec run` within a sentence names what is run as `taskvec run mine.yaml`.
    const named = (text: string) => [...run, ...listed].some((each) => each.startsWith(`${text} `))
    const left = texts.filter((text) => !run.includes(text) && !listed.includes(text) && !named(text))
    expect(left).toEqual([])
  })

  it('are what is run and listed: nothing that the docs no longer have', () => {
    expect([...run, ...listed].filter((text) => !texts.includes(text))).toEqual([])
    expect(listed.filter((text) => run.includes(text))).toEqual([])
  })

  it('are the same in README and its translation', () => {
    const inBlocks = (page: string) =>
      documented.filter((each) => each.page === page && each.block).map(({ text, output }) => [text, output])
    expect(inBlocks('README.zh.md')).toEqual(inBlocks('README.md'))
  })
})

import { cpSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/store/open.js'
import { launchBrowser } from '../browser.js'
import { Sandbox } from '../sweep/sandbox.js'

/** The page as a user has it: `taskvec serve` on the database of a sweep that is really running. */

let sandbox: Sandbox
let browser: Browser
let sweep: ReturnType<Sandbox['taskvec']>
let server: ReturnType<Sandbox['taskvec']>
let url: string

beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
  browser = await launchBrowser()
  const config = sandbox.config('watched', {
    tasks: ['algorithmic_next_letter', 'algorithmic_to_upper', 'algorithmic_list_first'],
    devItems: 200,
    testItems: 100,
    layersPerActivity: 1,
  })
  sweep = sandbox.taskvec(['run', config])
  while (!sandbox.said(sweep, 'cells')) await new Promise((resolve) => setTimeout(resolve, 100))
  server = sandbox.taskvec(['serve', '--json'])
  const [line] = await firstLines(server.stdout)
  url = (JSON.parse(line) as { url: string }).url
})

afterAll(async () => {
  await browser.close()
  await sandbox[Symbol.asyncDispose]()
})

async function firstLines(stream: NodeJS.ReadableStream): Promise<[string]> {
  for await (const line of createInterface({ input: stream })) return [line]
  throw new Error('it printed nothing')
}

/** Opens the page; what it must not do is collected in `trouble`. */
async function open(
  width: number,
  colorScheme: 'light' | 'dark',
): Promise<{ page: Page; trouble: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  const trouble: string[] = []
  page.on('console', (message) => trouble.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin) && request.url() !== 'data:,')
      trouble.push(`request: ${request.url()}`)
  })
  await page.goto(url)
  await page.waitForSelector('.heat button')
  return { page, trouble }
}

it('follows the sweep to its end without being loaded again', async () => {
  const { page, trouble } = await open(1440, 'light')
  expect(page.url()).not.toContain('token')
  await page.locator('.heat button').first().click()
  await page.waitForSelector('.curve svg', { timeout: 60_000 })
  const { exitCode } = await sweep
  expect(exitCode).toBe(0)
  await page.getByText('complete', { exact: true }).waitFor()
  expect(await page.locator('.heat button').allTextContents()).toEqual([
    expect.stringMatching(/^(\.\d\d|1\.00)$/),
    expect.stringMatching(/^(\.\d\d|1\.00)$/),
    expect.stringMatching(/^(\.\d\d|1\.00)$/),
  ])
  expect(trouble).toEqual([])
  await page.close()
})

describe.each([
  [1440, 'light'],
  [1440, 'dark'],
  [360, 'light'],
  [360, 'dark'],
] as const)('at %i pixels, %s', (width, scheme) => {
  it('fits the width, has no error and asks nobody else; all is reached by the keyboard', async () => {
    const { page, trouble } = await open(width, scheme)
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    const field = page.locator('.heat button').nth(1)
    for (let i = 0; i < 30 && !(await isFocused(field)); i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.curve svg')
    const item = page.locator('.item summary').first()
    await item.waitFor()
    for (let i = 0; i < 40 && !(await isFocused(item)); i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    // A row for every L of the tiny model.
    expect(await page.locator('.item').first().locator('tbody tr').count()).toBe(
      await page.locator('.curve svg [data-value]').count(),
    )
    expect(trouble).toEqual([])
    await page.close()
  })
})

it('shows what failed, why, and what its process said last', async () => {
  cpSync(sandbox.model, join(sandbox.folder, 'cut'), { recursive: true })
  truncateSync(join(sandbox.folder, 'cut', 'model.safetensors'), 20_000)
  const failing = sandbox.config('failing', {
    models: [{ id: 'cut', path: './cut' }],
    tasks: ['algorithmic_to_upper'],
  })
  expect((await sandbox.taskvec(['run', failing])).exitCode).toBe(3)
  // An engine that refuses a file says nothing more; one that breaks down does.
  const database = openDatabase(sandbox.db)
  database.prepare('update failures set log = ?').run('node: out of memory\nAborted')
  database.close()
  const { page, trouble } = await open(360, 'dark')
  const shown = page.getByRole('region', { name: 'failures and warnings' })
  expect(await shown.locator('li').textContent()).toMatch(
    /^cut algorithmic_to_upper: WEIGHTS after 1 attempt on \S+\/\d+.*model\.safetensors: tensor .* truncated/,
  )
  expect(await shown.getByText('out of memory').isVisible()).toBe(false)
  await shown.getByText('its last lines').click()
  expect(await shown.getByText('out of memory').isVisible()).toBe(true)
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
  expect(trouble).toEqual([])
  await page.close()
})

it('says that the server is away, and ends with exit code 0 on SIGTERM', async () => {
  const { page } = await open(1440, 'light')
  server.kill('SIGTERM')
  expect((await server).exitCode).toBe(0)
  await page.getByRole('status').waitFor()
  expect(await page.getByRole('status').textContent()).toMatch(/The server is away/)
  await page.close()
})

function isFocused(locator: ReturnType<Page['locator']>): Promise<boolean> {
  return locator.evaluate('(element) => element === document.activeElement')
}

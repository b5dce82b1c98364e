import { cpSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/store/open.js'
import { clipped, violations } from '../accessibility.js'
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

const accuracyWithInterval = /^(\.\d\d|1\.00) \.\d\d–(\.\d\d|1\.00)$/

it('follows the sweep to its end without a reload', async () => {
  const { page, trouble } = await open(1440, 'light')
  expect(page.url()).not.toContain('token')
  await page.locator('.heat button').first().click()
  await page.waitForSelector('.curve svg', { timeout: 60_000 })
  const { exitCode } = await sweep
  expect(exitCode).toBe(0)
  await page.getByText('complete', { exact: true }).waitFor()
  expect(await page.locator('.heat td button').allTextContents()).toEqual([
    expect.stringMatching(accuracyWithInterval),
    expect.stringMatching(accuracyWithInterval),
    expect.stringMatching(accuracyWithInterval),
  ])
  expect(trouble).toEqual([])
  await page.close()
})

describe.each([
  [1440, 'light'],
  [1440, 'dark'],
  [768, 'light'],
  [768, 'dark'],
  [360, 'light'],
  [360, 'dark'],
] as const)('at %i pixels, %s', (width, scheme) => {
  it('works by keyboard, keeps its state in the address, is accessible, and requests nothing from other hosts', async () => {
    const { page, trouble } = await open(width, scheme)
    const fields = page.locator('.heat td button')
    for (let i = 0; i < 30 && !(await isFocused(fields.first())); i++) await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    expect(await isFocused(fields.nth(1))).toBe(true)
    await page.keyboard.press('Enter')
    await page.waitForSelector('.curve svg')
    const items = page.locator('button.item')
    await items.nth(49).waitFor()

    // Every item by the layers of the curve.
    const layers = await page.locator('.curve svg [data-value]').count()
    expect(await page.locator('.ranks thead th').count()).toBe(1 + layers)
    await page.keyboard.press('/')
    expect(await isFocused(page.getByLabel('containing'))).toBe(true)
    await page.keyboard.press('Escape')
    await page.keyboard.press('ArrowDown')
    expect(await isFocused(items.nth(1))).toBe(true)
    await page.keyboard.press('Enter')
    expect(await page.locator('.opened tbody tr').count()).toBe(layers)
    const said = page.locator('.said')
    const before = await said.textContent()
    await page.keyboard.press((await said.textContent())?.includes('L = 0') ? 'ArrowRight' : 'ArrowLeft')
    await expect.poll(() => said.textContent()).not.toBe(before)
    const second = await items.nth(1).textContent()
    await page.keyboard.press('PageDown')
    await expect.poll(() => items.nth(1).textContent()).not.toBe(second)
    await page.keyboard.press('PageUp')
    await expect.poll(() => said.textContent()).toContain(`${second}`)
    await expect.poll(() => isFocused(items.nth(1))).toBe(true)
    await page.keyboard.press('Enter')

    expect(await violations(page)).toEqual([])
    expect(await clipped(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    const [address, shown] = [page.url(), await said.textContent()]
    await page.reload()
    await expect.poll(() => said.textContent()).toBe(shown)
    expect(page.url()).toBe(address)
    await page.keyboard.press('?')
    expect(await page.getByRole('dialog').isVisible()).toBe(true)
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').isVisible()).toBe(false)
    expect(trouble).toEqual([])
    await page.close()
  })
})

it('filters items by outcome, text and rank, and sorts them', async () => {
  const { page } = await open(1440, 'light')
  await page.locator('.heat td button').first().click()
  const count = async () => Number.parseInt((await page.locator('.pages').textContent()) ?? '')
  await expect.poll(count).toBe(200)
  await page.getByLabel('show').selectOption('wrong')
  const wrong = await settled(count)
  await page.getByLabel('show').selectOption('right')
  await expect.poll(count).toBe(200 - wrong)
  await page.getByLabel('show').selectOption('all items')
  await page.getByLabel('rank from').fill('1')
  await page.getByLabel('to', { exact: true }).fill('1')
  const first = await settled(count)
  await page.getByLabel('rank from').fill('2')
  await page.getByLabel('to', { exact: true }).fill('')
  await expect.poll(count).toBe(200 - first)
  await page.getByLabel('sort by').selectOption('rank, worst first')
  await page.getByLabel('show').selectOption('θ right, regular wrong')
  expect(await page.getByLabel('test', { exact: true }).isChecked()).toBe(true)
  await page.close()
})

it.each([
  [1440, 'light'],
  [360, 'dark'],
] as const)(
  'answers in the playground at %i pixels, %s, and keeps the question in the address',
  async (width, scheme) => {
    const { page, trouble } = await open(width, scheme)
    const playground = page.getByRole('region', { name: 'playground' })
    const answers = playground.locator('.answers')
    await playground.getByRole('combobox', { name: 'task' }).selectOption('pairs of my own')
    await playground
      .getByRole('textbox', { name: 'pairs' })
      .fill('hot -> cold\nbig -> small\nold → new\nwet -> dry\nin\tout\non -> off')
    await playground.getByRole('combobox', { name: 'prompt' }).selectOption('one of my own')
    await playground.getByRole('textbox', { name: 'between them' }).fill(' ')
    await playground.getByRole('spinbutton', { name: 'k' }).fill('2')
    await playground.getByRole('textbox', { name: 'query x' }).fill('up')
    await playground.getByRole('button', { name: 'answer' }).click()
    await answers.waitFor()
    const rows = answers.locator('tbody tr')
    // Regular and baseline, and every layer of the tiny model.
    expect(await rows.count()).toBe(2 + 6)
    for (const row of await rows.all())
      expect(await row.locator('.share').textContent()).toMatch(/^ ?(<?\.\d\d|1\.00)$/)
    expect(await playground.locator('.pairs').first().locator('.pair').count()).toBe(2)
    expect(await violations(page)).toEqual([])
    expect(await clipped(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)

    await page.reload()
    await expect.poll(() => playground.getByRole('textbox', { name: 'query x' }).inputValue()).toBe('up')
    await playground.getByRole('spinbutton', { name: 'layer' }).fill('2')
    await playground.getByRole('textbox', { name: 'pairs' }).fill('hot')
    await playground.getByRole('button', { name: 'answer' }).click()
    await playground.getByText('"hot" is not a pair').waitFor()
    await playground
      .getByRole('textbox', { name: 'pairs' })
      .fill('hot -> cold\nbig -> small\nold → new\nwet -> dry\nin\tout\non -> off')
    await playground.getByRole('button', { name: 'answer' }).click()
    await expect.poll(() => rows.count()).toBe(2 + 1)
    expect(trouble).toEqual([])
    await page.close()
  },
)

it('loads at most 150 kB', async () => {
  const page = await browser.newPage()
  const bodies: Promise<Buffer>[] = []
  page.on('response', (response) => {
    if (new URL(response.url()).pathname !== '/api/v1/changes' && response.ok()) bodies.push(response.body())
  })
  await page.goto(url)
  await page.waitForSelector('.heat button')
  // They may still be on their way from the browser to this test.
  const bytes = (await Promise.all(bodies)).reduce((sum, body) => sum + body.length, 0)
  expect(bytes).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThan(150_000)
  await page.close()
})

it('shows what failed, why, and the last lines of its process', async () => {
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
  await shown.getByText('last lines of its log').click()
  expect(await shown.getByText('out of memory').isVisible()).toBe(true)
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
  expect(trouble).toEqual([])
  await page.close()
})

it('reports that the connection is gone; serve ends with exit code 0 on SIGTERM', async () => {
  const { page } = await open(1440, 'light')
  server.kill('SIGTERM')
  expect((await server).exitCode).toBe(0)
  await page.getByRole('status').waitFor()
  expect(await page.getByRole('status').textContent()).toMatch(/No connection/)
  await page.close()
})

async function isFocused(locator: ReturnType<Page['locator']>): Promise<boolean> {
  return (await locator.and(locator.page().locator(':focus')).count()) === 1
}

/** A number once it has stayed the same for a while. */
async function settled(read: () => Promise<number>): Promise<number> {
  let last = NaN
  for (;;) {
    const now = await read()
    if (now === last) return now
    last = now
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PlaygroundChoices, SweepView } from '../../src/serve/api.js'
import { startPageServer, type PageServer } from '../../src/serve/server.js'
import { openStore } from '../../src/store/store.js'
import { clipped, violations } from '../accessibility.js'
import { launchBrowser } from '../browser.js'
import { asked } from './asked.js'
import { newDatabase, prepared, runTask, sweep } from '../store/sample.js'

/** A sweep whose config gives one task a label and a category of its own. */
let server: PageServer
let browser: Browser

beforeAll(async () => {
  const file = newDatabase()
  const store = openStore(file)
  const tasks = [
    { kind: 'builtin', id: 'upper' },
    { kind: 'builtin', id: 'my_own', label: 'Cloud <-> rain' },
  ] as const
  store.createSweep(
    sweep('sample-1', { tasks: [...tasks], config: JSON.stringify({ name: 'sample', tasks }) }),
  )
  runTask(store, 'sample-1', 'upper', [0, 2, 3, 3])
  const own = prepared('my_own', { category: 'weather', warnings: ['my_own: kept 3 of 9 pairs'] })
  runTask(store, 'sample-1', 'my_own', [0, 2, 3, 3], 'm', own)
  store.setSweepStatus('sample-1', 'complete')
  store.close()
  server = await startPageServer(file)
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

it('gives labels and categories by task', async () => {
  const { labels, categories } = await asked<SweepView>(server, '/api/v1/sweeps/sample-1')
  expect(labels).toEqual({ my_own: 'Cloud <-> rain' })
  expect(categories).toEqual({ upper: 'algorithmic', my_own: 'weather' })
  const choices = await asked<PlaygroundChoices>(server, '/api/v1/playground?sweep=sample-1')
  expect(choices.labels).toEqual(labels)
})

it.each([360, 1440])(
  'names a task by its label everywhere at %i pixels, its id in the tooltip',
  async (width) => {
    const page = await browser.newPage({ viewport: { width, height: 900 } })
    await page.goto(server.url)
    const rows = page.locator('.heat tbody th')
    await rows.first().waitFor()
    expect(await rows.allTextContents()).toEqual(['algorithmic', 'upper', 'weather', 'Cloud <-> rain'])
    expect(await page.getByTitle('my_own', { exact: true }).first().textContent()).toBe('Cloud <-> rain')
    await page.locator('.heat td button').nth(1).click()
    await page.getByRole('heading', { name: 'Cloud <-> rain m' }).waitFor()
    await page.waitForSelector('.curve svg')
    expect(await page.locator('.curve svg').textContent()).toContain('Cloud <-> rain')
    expect(page.url()).toContain('task=my_own')
    await page.locator('button.item').first().waitFor()
    // Ids are left in the config, in items' texts and in the values that forms send.
    await page.evaluate(`document.querySelectorAll('pre, .ranks, .said').forEach((each) => each.remove())`)
    expect(await page.evaluate('document.body.innerText')).not.toContain('my_own')
    expect(await violations(page)).toEqual([])
    expect(await clipped(page)).toEqual([])
    await page.close()
  },
)

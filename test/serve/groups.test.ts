import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startPageServer, type PageServer } from '../../src/serve/server.js'
import type { GroupView, SweepLine } from '../../src/serve/api.js'
import { openStore } from '../../src/store/store.js'
import { clipped, violations } from '../accessibility.js'
import { launchBrowser } from '../browser.js'
import { asked } from './asked.js'
import { newDatabase, protocol, runTask, sweep } from '../store/sample.js'

/** Three settings of one config, of which the last is not computed yet, and a sweep of its own. */
let server: PageServer
let browser: Browser

beforeAll(async () => {
  const file = newDatabase()
  const store = openStore(file)
  store.createSweep(sweep('alone-1'))
  for (const demonstrations of [1, 5, 10]) {
    const id = `study-${demonstrations}`
    store.createSweep(sweep(id, { group: 'study-group', protocol: { ...protocol, demonstrations } }))
    if (demonstrations === 10) continue
    for (const task of ['upper', 'first']) runTask(store, id, task, [0, 2, 3, 3])
    store.setSweepStatus(id, 'complete')
  }
  store.close()
  server = await startPageServer(file)
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

it('lists the settings of a group with their progress, and draws their accuracies by the axis', async () => {
  const lines = await asked<SweepLine[]>(server, '/api/v1/sweeps')
  expect(Object.fromEntries(lines.map(({ id, group, setting }) => [id, [group, setting]]))).toEqual({
    'alone-1': [null, ''],
    'study-1': ['study-group', 'k = 1'],
    'study-5': ['study-group', 'k = 5'],
    'study-10': ['study-group', 'k = 10'],
  })
  const view = await asked<GroupView>(server, '/api/v1/groups/study-group')
  expect(view.axes).toEqual([{ id: 'demonstrations', title: 'demonstrations k' }])
  expect(view.settings.map(({ id, extent }) => [id, extent.cells])).toEqual([
    ['study-1', { done: 8, all: 8 }],
    ['study-5', { done: 8, all: 8 }],
    ['study-10', expect.objectContaining({ done: 0 })],
  ])
  const [figure, byLayer, table] = view.blocks
  expect(byLayer).toMatchObject({ title: 'Accuracy of θ alone by layer and demonstrations k' })
  expect(figure).toMatchObject({
    title: 'Accuracy by demonstrations k',
    svg: expect.stringMatching(/^<svg/) as string,
  })
  expect(table).toMatchObject({
    rows: ['1', '5'].flatMap((k) =>
      ['upper', 'first'].map((task) => [
        'm',
        task,
        k,
        '0.00',
        '0.75',
        '[0.30, 0.95]',
        '1.00',
        '[0.51, 1.00]',
        '4',
      ]),
    ),
  })
  expect(await asked(server, '/api/v1/groups/nothing')).toMatchObject({
    error: expect.stringContaining('no sweep') as string,
  })
})

it.each([360, 1440])('shows a group at %i pixels, and leads to a setting of it', async (width) => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: 'dark' })
  await page.goto(server.url)
  await page.getByLabel('sweep').selectOption({ label: 'study-group: all settings' })
  await page.waitForSelector('.curve svg')
  expect(page.url()).toContain('#group=study-group')
  expect(await violations(page)).toEqual([])
  expect(await clipped(page)).toEqual([])
  await page.getByRole('button', { name: 'k = 5' }).click()
  await page.waitForSelector('.heat button')
  expect(page.url()).toContain('#sweep=study-5')
  await page.close()
})

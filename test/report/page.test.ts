import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { sweepReport } from '../../src/report/sweep-report.js'
import { writeReport, type Manifest } from '../../src/report/write.js'
import { openReadOnly } from '../../src/store/open.js'
import { findSweep } from '../../src/store/sweeps.js'
import { projectRoot } from '../../src/system/home.js'
import { builtinTaskIds } from '../../src/tasks/registry.js'
import { clipped, violations } from '../accessibility.js'
import { launchBrowser } from '../browser.js'
import { writeSample } from './sample-database.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-page-'))
let browser: Browser
let manifest: Manifest

beforeAll(async () => {
  browser = await launchBrowser()
  const file = join(folder, 'sample.db')
  writeSample(file)
  const db = openReadOnly(file)
  manifest = await writeReport(sweepReport(db, findSweep(db, undefined), null), join(folder, 'report'))
  db.close()
})

afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true })
})

interface Opened {
  readonly page: Page
  /** What a page must not do: requests, console messages, errors, dialogs. */
  readonly trouble: string[]
}

async function open(width: number, colorScheme: 'light' | 'dark'): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  const address = pathToFileURL(join(folder, 'report', manifest.page)).href
  const trouble: string[] = []
  page.on('console', (message) => trouble.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => trouble.push(`dialog: ${dialog.message()}`))
  page.on('request', (request) => {
    if (request.url() !== address && request.url() !== 'data:,') trouble.push(`request: ${request.url()}`)
  })
  await page.goto(address)
  return { page, trouble }
}

describe.each([
  [1440, 'light'],
  [1440, 'dark'],
  [768, 'light'],
  [768, 'dark'],
  [360, 'light'],
  [360, 'dark'],
] as const)('the page at %i pixels, %s', (width, scheme) => {
  let opened: Opened
  let page: Page

  beforeAll(async () => {
    opened = await open(width, scheme)
    page = opened.page
  })

  afterAll(() => page.close())

  it('draws every figure, each with its values, within the window', async () => {
    // In-page code is text: the project is compiled without a browser's types.
    const drawn = await page.evaluate<{ id: string; large: boolean; marks: number }[]>(`
      [...document.querySelectorAll('figure')].map((figure) => {
        const { width, height } = figure.querySelector('svg').getBoundingClientRect()
        return { id: figure.id, large: width > 250 && height > 100, marks: figure.querySelectorAll('[data-value]').length }
      })`)
    expect(drawn.map(({ id }) => id)).toEqual(manifest.figures.map(({ id }) => id))
    expect(drawn.filter(({ large, marks }) => !large || marks === 0)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
  })

  it('has every table, with as many rows as its CSV', async () => {
    const tables = await page.evaluate<number[]>(
      `[...document.querySelectorAll('details.table')].map((table) => table.querySelectorAll('tbody tr').length)`,
    )
    expect(tables).toHaveLength(manifest.tables.length)
    expect(tables.every((rows) => rows > 0)).toBe(true)
  })

  it('works by keyboard: every figure, link and table is reached, arrow keys read values', async () => {
    const all = await page.evaluate<string[]>(
      `[...document.querySelectorAll('a[href], summary, figure svg, .scroll, pre')].filter((element) => element.checkVisibility()).map((element) => element.tagName)`,
    )
    await page.evaluate(
      `window.reached = []; addEventListener('focusin', ({ target }) => reached.push(target.tagName))`,
    )
    for (let i = 0; i < all.length; i++) await page.keyboard.press('Tab')
    expect(await page.evaluate('reached')).toEqual(all)

    for (const { id } of manifest.figures) {
      const figure = `document.getElementById(${JSON.stringify(id)})`
      await page.evaluate(
        `{ const chooser = ${figure}.closest('details'); if (chooser) chooser.open = true; ${figure}.querySelector('svg').focus() }`,
      )
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowRight')
      const [second, shown] = await page.evaluate<[string, string]>(
        `[${figure}.querySelectorAll('svg [data-value]')[1].dataset.value, document.getElementById('value').textContent]`,
      )
      expect(shown, id).toBe(second)
      await page.keyboard.press('Escape')
      expect(await page.evaluate(`document.getElementById('value').checkVisibility()`)).toBe(false)
    }
  })

  it('shows the value of the mark under the pointer, within the window', async () => {
    const bar = page.locator('figure[id="figure-4"] [data-value]').first()
    await bar.scrollIntoViewIfNeeded()
    await bar.hover()
    const box = page.locator('#value')
    await expect.poll(() => box.textContent()).toBe('alpha-1b, baseline: 0.21 ± 0.09 over 4 tasks')
    const { x, width: wide } = (await box.boundingBox()) as { x: number; width: number }
    expect(x).toBeGreaterThanOrEqual(0)
    expect(x + wide).toBeLessThanOrEqual(width)
  })

  it('is readable: text contrasts with its background', async () => {
    const contrasts = await page.evaluate<number[]>(`(() => {
      const luminance = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => {
          const share = Number(part) / 255
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
      }
      const ground = luminance(getComputedStyle(document.documentElement).backgroundColor)
      return [...document.querySelectorAll('body, figcaption, a, svg text')].map((element) => {
        const style = getComputedStyle(element)
        const text = luminance(element instanceof SVGElement ? style.fill : style.color)
        return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)
      })
    })()`)
    expect(Math.min(...contrasts)).toBeGreaterThan(4.5)
    const ground = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
    expect(ground).toBe(scheme === 'dark' ? 'rgb(23, 23, 23)' : 'rgb(255, 255, 255)')
  })

  it('passes all rules of axe-core with everything unfolded, and nothing is cut off', async () => {
    await page.evaluate(
      `for (const details of document.querySelectorAll('details')) { details.removeAttribute('name'); details.open = true }`,
    )
    expect(await violations(page)).toEqual([])
    expect(await clipped(page)).toEqual([])
  })

  it('requests nothing and logs no error, also with hostile names', () => {
    expect(opened.trouble).toEqual([])
  })
})

it('stays below 3 MB for a sweep of the quickstart’s size', async () => {
  const { models } = parse(readFileSync(join(projectRoot(), 'configs', 'quickstart.yaml'), 'utf8')) as {
    models: string[]
  }
  const file = join(folder, 'large.db')
  writeSample(file, 'quickstart', {
    models: Object.fromEntries(models.map((id) => [id, 12])),
    tasks: Object.fromEntries(builtinTaskIds.map((id) => [id, id.split('_')[0] as string])),
    thetas: 20,
    bins: 20,
  })
  const db = openReadOnly(file)
  const { page } = await writeReport(sweepReport(db, findSweep(db, undefined), null), join(folder, 'large'))
  db.close()
  expect(statSync(join(folder, 'large', page)).size).toBeLessThan(3_000_000)
})

it('prints light, with every table open', async () => {
  const { page, trouble } = await open(1440, 'dark')
  await page.pdf()
  expect(await page.evaluate('document.querySelectorAll("details:not([open])").length')).toBe(0)
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe(
    'rgb(255, 255, 255)',
  )
  expect(await page.locator('nav').isVisible()).toBe(false)
  expect(trouble).toEqual([])
  await page.close()
})

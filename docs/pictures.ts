import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { sweepReport } from '../src/report/sweep-report.js'
import { writeReport } from '../src/report/write.js'
import { startPageServer } from '../src/serve/server.js'
import { openReadOnly } from '../src/store/open.js'
import { findSweep, modelsOf } from '../src/store/sweeps.js'
import { defaultDatabase, projectRoot } from '../src/system/home.js'
import { launchBrowser } from '../test/browser.js'

/**
 * README's pictures, drawn anew from a sweep of configs/pretrained.yaml: `npm run pictures -- [SWEEP] [--db FILE] [--out FOLDER]`.
 * by-layer-MODEL.svg are figures of its report, report-*.png the beginning of that, page-*.png a task's items on the page.
 */

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    db: { type: 'string', default: defaultDatabase() },
    out: { type: 'string', default: join(projectRoot(), 'docs') },
  },
})
/** What the page's picture shows, of the sweep's last model; the first task where the sweep does not have it. */
const shownTask = 'linguistic_plural_singular'
const schemes = ['light', 'dark'] as const

const db = openReadOnly(values.db)
const sweep = findSweep(db, positionals[0] ?? 'pretrained')
const models = modelsOf(db, sweep.id).map(({ model }) => model)
const report = sweepReport(db, sweep, null)
db.close()

const folder = mkdtempSync(join(tmpdir(), 'taskvec-pictures-'))
const server = await startPageServer(values.db)
const browser = await launchBrowser()
try {
  const written = join(folder, 'report')
  await writeReport(report, written)
  for (const model of models)
    copyFileSync(
      join(written, 'figures', `by-layer-${model}.svg`),
      join(values.out, `by-layer-${model.replace(/-q4$/, '')}.svg`),
    )
  const index = pathToFileURL(join(written, 'index.html')).href
  await shoot('report', { width: 1300, height: 900 }, (page) => page.goto(index))
  await shoot('page', { width: 1000, height: 760 }, async (page) => {
    await page.goto(server.url)
    await page.waitForSelector('.heat button')
    await page.goto(`${new URL('/', server.url).href}#${await field(page)}`)
    await page.reload()
    await page.waitForSelector('.ranks')
    // In-page code is text: the project is compiled without a browser's types.
    await page.evaluate(`document.querySelector('[aria-label=items]').scrollIntoView()`)
  })
} finally {
  await browser.close()
  await server.close()
  rmSync(folder, { recursive: true })
}

/** A picture of what `open` opens, light and dark. */
async function shoot(
  name: string,
  viewport: { width: number; height: number },
  open: (page: Page) => Promise<unknown>,
): Promise<void> {
  for (const colorScheme of schemes) {
    const page = await browser.newPage({ viewport, colorScheme })
    await open(page)
    const path = join(values.out, `${name}-${colorScheme}.png`)
    await page.screenshot({ path })
    process.stdout.write(`${path}\n`)
    await page.close()
  }
}

/** The page's address for the task that is shown. */
async function field(page: Page): Promise<string> {
  const tasks = await page.locator('.heat tbody th[scope=row]').allTextContents()
  const task = tasks.includes(shownTask) ? shownTask : (tasks[0] ?? '')
  return new URLSearchParams({ sweep: sweep.id, model: models.at(-1) ?? '', task }).toString()
}

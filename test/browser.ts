import { join } from 'node:path'
import { execa } from 'execa'
import { chromium, type Browser } from 'playwright-core'
import { projectRoot } from '../src/system/home.js'

/** A real headless Chromium: this machine's, or the one that bin/browser.js installs. */
export async function launchBrowser(): Promise<Browser> {
  const found = await execa(process.execPath, [join(projectRoot(), 'bin', 'browser.js')])
  const { executable, libraries } = JSON.parse(found.stdout) as { executable: string; libraries?: string }
  return chromium.launch({
    executablePath: executable,
    // Tests run as root in containers, where Chromium's own sandbox cannot; the page is ours.
    args: ['--no-sandbox', '--disable-gpu'],
    ...(libraries === undefined ? {} : { env: { ...process.env, LD_LIBRARY_PATH: libraries } }),
  })
}

import axe from 'axe-core'
import type { Page } from 'playwright-core'

interface Violation {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly target: readonly string[] }[]
}

/** What axe-core, with all its rules, finds wrong with the page as it stands. The inside of a picture (role img) it need not walk through. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const found = await page.evaluate<Violation[]>(
    `axe.run({ exclude: [['svg[role=img] > *']] }, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )
  return found.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join('; ')}`,
  )
}

/** Elements whose content is cut off, or that stand out of the window, where nothing lets it be scrolled to. */
export function clipped(page: Page): Promise<string[]> {
  // In-page code is text: the project is compiled without a browser's types.
  return page.evaluate<string[]>(`(() => {
    const scrolls = (element) => {
      for (let at = element; at !== null && at !== document.body; at = at.parentElement)
        if (/auto|scroll/.test(getComputedStyle(at).overflowX)) return true
      return false
    }
    return [...document.body.querySelectorAll('*')]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('svg *'))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect()
        if (width === 0 || scrolls(element)) return false
        return left < -1 || right > innerWidth + 1 || (getComputedStyle(element).overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1)
      })
      .map((element) => element.tagName.toLowerCase() + (element.id && '#' + element.id) + ' ' + element.textContent.slice(0, 40))
  })()`)
}

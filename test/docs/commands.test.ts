import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { wrongWith } from './command-line.js'

const pages = ['README.md', 'README.zh.md', 'CONTRIBUTING.md', 'training/README.md'].concat(
  readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [join('docs', name)] : [])),
)

/** Lines `taskvec ...` of a page's shell blocks, without comments and pipes. */
function commandLines(text: string): string[] {
  return [...text.matchAll(/```(?:sh|console)\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.split('\n').flatMap((line) => {
      const [, said] = /^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:npx )?taskvec (.*)$/.exec(line.trim()) ?? []
      return said === undefined ? [] : [(said.split(/ [#|>&]|\s{3,}/)[0] ?? '').trim()]
    }),
  )
}

const lines = pages.flatMap((page) =>
  commandLines(readFileSync(page, 'utf8')).map((line) => [page, line] as const),
)

describe('the docs', () => {
  it.each(lines)('%s: taskvec %s is a command with these options', async (_, line) => {
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

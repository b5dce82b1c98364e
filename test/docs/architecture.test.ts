import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const architecture = readFileSync('ARCHITECTURE.md', 'utf8')
const protocol = readFileSync('docs/protocol.md', 'utf8')

function section(page: string, heading: string): string {
  const [, rest = ''] = page.split(`## ${heading}\n`)
  return rest.split('\n## ')[0] ?? ''
}

/** Cells of a Markdown table's rows, without its head. */
function rows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const places = rows(section(architecture, 'Where each term lives'))
const named = places.flatMap(([terms = '']) => terms.split(', '))

describe('ARCHITECTURE.md', () => {
  it('names a place for every term of docs/protocol.md', () => {
    const terms = rows(section(protocol, 'Terms')).map(([term = '']) => term)
    expect(terms.length).toBeGreaterThan(10)
    expect(terms.filter((term) => !named.includes(term))).toEqual([])
  })

  it('names a place for every section of it that is computed', () => {
    const prose = ['Terms', "Where the paper and the authors' code differ"]
    const headings = [...protocol.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading)
    expect(
      headings.filter((heading) => !prose.includes(heading) && !named.includes(heading.toLowerCase())),
    ).toEqual([])
  })

  it('names files and folders that exist', () => {
    const paths = [
      ...architecture.matchAll(
        /`((?:src|activities|workflows|test|lists|configs|migrations|docs)\/[\w./-]*)`/g,
      ),
    ]
    expect(paths.length).toBeGreaterThan(30)
    expect(
      paths.map(([, path = '']) => path).filter((path) => !existsSync(path) && !existsSync(`${path}.ts`)),
    ).toEqual([])
  })
})

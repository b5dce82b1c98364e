import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, normalize } from 'node:path'
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

/** Sources, each with the sources it imports, types included. */
const imports = new Map(
  ['src', 'activities', 'workflows']
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => {
      const specifiers = readFileSync(file, 'utf8').matchAll(/(?:from|import) '(\.[^']+)'/g)
      const targets = [...specifiers].flatMap(([, specifier = '']) => {
        const base = normalize(join(file, '..', specifier)).replace(/\.jsx?$/, '')
        return [`${base}.ts`, `${base}.tsx`].filter((source) => existsSync(source))
      })
      return [file, targets]
    }),
)

/** A file that leads back to itself, by way of whom; null: none. */
function cycle(): string[] | null {
  const done = new Set<string>()
  function visit(file: string, path: readonly string[]): string[] | null {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return null
    for (const target of imports.get(file) ?? []) {
      const found = visit(target, [...path, file])
      if (found) return found
    }
    done.add(file)
    return null
  }
  for (const file of imports.keys()) {
    const found = visit(file, [])
    if (found) return found
  }
  return null
}

describe('imports', () => {
  // import-x/no-cycle looks at values only.
  it('form no cycle, not even of types', () => {
    expect([...imports.values()].flat().length).toBeGreaterThan(500)
    expect(cycle()).toBeNull()
  })
})

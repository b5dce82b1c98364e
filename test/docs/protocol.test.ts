import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const page = readFileSync('docs/protocol.md', 'utf8')
const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!)

const citations = ['src', 'workflows', 'activities', 'test'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('protocol.test.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8').replace(/\n\s*(\*|\/\/) /g, ' ')
      return [...text.matchAll(/docs\/protocol\.md, ([^\n]{1,40})/g)].map(([, cited]) => ({
        place: `${folder}/${file}`,
        cited: cited!,
      }))
    }),
)

describe('docs/protocol.md', () => {
  it('has the heading that each comment cites', () => {
    expect(citations.length).toBeGreaterThan(20)
    const dangling = citations.filter(({ cited }) => !headings.some((heading) => cited.startsWith(heading)))
    expect(dangling).toEqual([])
  })
})

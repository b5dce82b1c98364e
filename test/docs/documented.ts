import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A command that a page shows, for a reader to copy. */
export interface Documented {
  readonly page: string
  /** As written, without `npx`, the prompt and the comment. */
  readonly text: string
  /** Whether it is a line of a block, not part of a sentence. */
  readonly block: boolean
  /** The lines that a `console` block shows as its output. */
  readonly output: readonly string[]
}

export const pages = ['README.md', 'README.zh.md', 'CONTRIBUTING.md', 'training/README.md'].concat(
  readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [join('docs', name)] : [])),
)

const fence = /^( *)```(\w*)\n([\s\S]*?)^\1```/gm
const programs = 'taskvec|npm|npx|node|python3?|pip|docker|temporal|openssl|git|curl|kill|export'
const inline = new RegExp(`\`((?:${programs}) [^\`]+)\``, 'g')

/** Everything that a page of the docs tells its reader to run: lines of shell blocks, and commands within sentences. */
export function documentedBy(page: string): Documented[] {
  const text = readFileSync(page, 'utf8')
  const blocks = [...text.matchAll(fence)].flatMap(([, , language = '', block = '']) => {
    if (language === 'sh') return block.split('\n').map((line) => ({ line, block: true, output: [] }))
    return language === 'console' ? sessionsOf(block) : []
  })
  const sentences = [...text.replace(fence, '').matchAll(inline)].map(([, line = '']) => ({
    line,
    block: false,
    output: [],
  }))
  return [...blocks, ...sentences]
    .map(({ line, ...rest }) => ({ page, text: bare(line), ...rest }))
    .filter(({ text }) => text !== '')
}

export const documented: readonly Documented[] = pages.flatMap(documentedBy)

/** Lines after `$ ` and, up to the next one, what they print. */
function sessionsOf(block: string): { line: string; block: boolean; output: string[] }[] {
  const sessions: { line: string; block: boolean; output: string[] }[] = []
  for (const line of block.trimEnd().split('\n'))
    if (line.startsWith('$ ')) sessions.push({ line: line.slice(2), block: true, output: [] })
    else sessions.at(-1)?.output.push(line)
  return sessions
}

function bare(line: string): string {
  return line
    .replace(/(^|\s+)#(\s.*)?$/, '')
    .trim()
    .replaceAll(/\bnpx taskvec\b/g, 'taskvec')
}

/** The block of a page that begins like this. */
export function blockOf(page: string, beginning: string): string {
  const blocks = [...readFileSync(page, 'utf8').matchAll(fence)].map(([, , , block = '']) => block)
  const found = blocks.find((block) => block.startsWith(beginning))
  if (found === undefined) throw new Error(`${page} has no block that begins with ${beginning}`)
  return found
}

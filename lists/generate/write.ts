import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { wordListPath, type WordListFile } from '../../src/tasks/lists.js'
import { corrected } from './corrections.js'
import type { GeneratedList } from './list.js'

/** Corrects, sorts and writes a list, one entry per line so that changes can be reviewed. */
export function writeList(list: GeneratedList): WordListFile {
  const file = finished(list)
  const path = wordListPath(list.task)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, formatted(file))
  return file
}

/** The list as in its file: corrected, NFC, most frequent first. */
export function finished(list: GeneratedList): WordListFile {
  const { task, category, scoring, about, date, sources } = list
  const entries = corrected(task, list.entries)
    .map((entry) => ({ entry, rank: list.rank(entry) }))
    .sort((a, b) => a.rank - b.rank || (a.entry.input < b.entry.input ? -1 : 1))
    .map(({ entry: { input, answer, accept } }): WordListFile['entries'][number] => [
      nfc(input),
      nfc(answer),
      ...accept.map(nfc),
    ])
  return { task, category, scoring, about, date, sources, entries }
}

function nfc(text: string): string {
  return text.normalize('NFC')
}

export function formatted({ entries, ...head }: WordListFile): string {
  const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`)
  const start = JSON.stringify(head, null, 2).replace(/\n}$/, ',')
  return `${start}\n  "entries": [\n${lines.join(',\n')}\n  ]\n}\n`
}

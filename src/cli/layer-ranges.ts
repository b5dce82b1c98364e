import { InvalidArgumentError } from 'commander'
import type { VectorChoice } from '../export/collect.js'

/** `4,10-12` for [4, 10, 11, 12], in any order. */
export function rangesOf(given: readonly number[]): string {
  const layers = [...given].sort((a, b) => a - b)
  const parts: string[] = []
  for (let i = 0; i < layers.length;) {
    let end = i
    while (layers[end + 1] === (layers[end] as number) + 1) end++
    parts.push(end === i ? String(layers[i]) : `${layers[i]}-${layers[end]}`)
    i = end + 1
  }
  return parts.join(',')
}

/** Parses `best`, `all`, `4` or `4,10-12`. */
export function layerList(text: string): VectorChoice['layers'] {
  if (text === 'best' || text === 'all') return text
  const layers = text.split(',').flatMap((part) => {
    const [, from, to = from] = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? []
    if (from === undefined || Number(to) < Number(from))
      throw new InvalidArgumentError('It must be best, all, or layers such as 4,10-12.')
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i)
  })
  return [...new Set(layers)].sort((a, b) => a - b)
}

const units = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const

/** Bytes of "2 GB", "1500MB" or a number of bytes; null for anything else. Decimal units. */
export function parseBytes(text: string | number): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?$/i.exec(String(text).trim())
  if (!match) return null
  const unit = Object.keys(units).find((name) => name.toLowerCase() === (match[2] ?? 'B').toLowerCase())
  return Math.round(Number(match[1]) * units[unit as keyof typeof units])
}

export function formatBytes(bytes: number): string {
  const [name, size] = Object.entries(units).findLast(([, size]) => bytes >= size) ?? ['B', 1]
  return `${(bytes / size).toFixed(size === 1 ? 0 : 1)} ${name}`
}

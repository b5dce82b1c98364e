/**
 * One streamed or in-memory pass over a model, in this process: time, peak memory (page cache apart), bytes read, and a
 * hash of the results. Usage: npx tsx bench/streamed.ts MODEL MEMORY_LIMIT [ITEMS] [PASS_FOLDER]
 */
import { readFileSync } from 'node:fs'
import { parseBytes } from '../src/domain/bytes.js'
import { canonicalJson, sha256 } from '../src/domain/identity.js'
import { loadEngine } from '../src/engine/local-engine.js'
import { peakResidentBytes } from '../src/system/process-table.js'
import { syntheticItems } from './synthetic-items.js'

const [path = '', limit = '2GB', count = '48', passFolder] = process.argv.slice(2)
const memoryLimit = parseBytes(limit) ?? 0
const before = performance.now()
const engine = await loadEngine(path, { memoryLimit, passFolder })
const loaded = performance.now()
process.stderr.write(`${engine.plan.summary}\n`)
const blocks = engine.info.blocks
const items = syntheticItems(Number(count))
const started = io()
const { seconds, ...result } = await engine.evaluate(
  { items, layers: [Math.floor(blocks / 2), blocks - 1], thetas: 'mean' },
  { onProgress: (fraction) => process.stderr.write(`\r${(100 * fraction).toFixed(0)} %`) },
)
const { thetas, ...readings } = result
process.stdout.write(
  `${JSON.stringify({
    execution: engine.plan.execution,
    loadSeconds: (loaded - before) / 1000,
    seconds,
    peakRssMb: peakResidentBytes(process.pid) / 2 ** 20,
    readGb: (io() - started) / 1e9,
    plannedReadGb: engine.plan.readsPerPass / 1e9,
    results: sha256(canonicalJson({ ...readings, thetas: [...(thetas ?? [])] })).slice(0, 16),
  })}\n`,
)

/** Bytes that this process asked of files. */
function io(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

/**
 * Loads a model, computes with it and releases it, again and again: does memory come back? `process`: as sweeps do, each
 * load in an engine process of its own; `inside`: all in this process. Resident memory of both together, after each
 * release. Usage: npx tsx bench/loads.ts MODEL [LOADS] [process|inside]
 */
import { collectGarbage } from '../src/engine/garbage.js'
import { EngineProcess, startEngineProcess } from '../src/engine/engine-process.js'
import { loadEngine } from '../src/engine/local-engine.js'
import { residentBytes } from '../src/system/process-table.js'

const [path = '', loads = '100', where = 'process'] = process.argv.slice(2)
const rssMb: number[] = []
let loadedMb = 0
for (let load = 0; load < Number(loads); load++) {
  const engine = await (where === 'process' ? startEngineProcess(path) : loadEngine(path))
  const residentMb = () =>
    (residentBytes(process.pid) + (engine instanceof EngineProcess ? residentBytes(engine.pid) : 0)) / 2 ** 20
  await engine.logits([1, 2, 3])
  loadedMb = Math.max(loadedMb, residentMb())
  await engine.close()
  collectGarbage()
  rssMb.push(residentMb())
  process.stderr.write(`\r${load + 1}: ${Math.round(rssMb.at(-1) ?? 0)} MB`)
}
const after = Object.fromEntries(
  [1, 2, 5, 10, 20, 50, 100, Number(loads)].flatMap((load) =>
    load <= rssMb.length ? [[load, Math.round(rssMb[load - 1] ?? 0)]] : [],
  ),
)
process.stdout.write(
  `${JSON.stringify({ model: path, where, loads: rssMb.length, loadedMb: Math.round(loadedMb), residentMbAfterRelease: after })}\n`,
)

/** `npm run fuzz -- [cases] [seed] [target]`: mutated headers of every format, one line each, JSON; exit code 1 on a crash. */
import { fuzz, targets } from './targets.js'

const [cases = '100000', seed = '1', only] = process.argv.slice(2)
for (const target of targets) {
  if (only !== undefined && target.name !== only) continue
  const start = performance.now()
  const { slowest, ...result } = fuzz(target, Number(cases), Number(seed))
  const line = {
    ...result,
    slowestMs: Math.round(slowest.ms),
    slowestCase: slowest.case,
    seconds: Math.round((performance.now() - start) / 1000),
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1000),
  }
  process.stdout.write(JSON.stringify(line) + '\n')
}

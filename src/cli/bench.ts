import { Command } from 'commander'
import { locateModel, modelRef } from '../models/locate.js'
import { benchTask, type BenchReport } from '../bench/task-bench.js'
import { wholeNumber } from './options.js'

interface BenchCommandOptions {
  model: string
  task: string
  dev: number
  test: number
  runs: number
  plain: boolean
  peers: boolean
  python?: string
  json?: boolean
}

/** `taskvec bench`. */
export function benchCommand(): Command {
  return new Command('bench')
    .description(
      'Time a whole task on one core: the wavefront, the plain route, and two PyTorch methods, with the same items.',
    )
    .option('--model <id-or-path>', 'a model id, folder or GGUF file', 'smollm2-135m')
    .option('--task <id>', 'a builtin task', 'algorithmic_to_upper')
    .option('--dev <n>', 'dev items, over all L', wholeNumber(1), 50)
    .option('--test <n>', 'test items, at the best L', wholeNumber(1), 50)
    .option('--runs <n>', 'runs of the wavefront; the median counts', wholeNumber(1), 3)
    .option('--no-plain', 'leave out the plain route, which takes minutes')
    .option('--no-peers', 'leave out the PyTorch methods')
    .option(
      '--python <path>',
      'a Python with torch, transformers and gguf (default: TASKVEC_PYTHON, else python3)',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Ratios are seconds of each method over those of the wavefront, from this one run. Peak: a 1024-cube f32 product by
onnxruntime on the same core. Agreement: share of predictions equal to the plain route's. See bench/README.md.

Examples:
  $ taskvec bench
  $ taskvec bench --task knowledge_country_capital --no-plain --python .venv/bin/python
  $ taskvec bench --dev 8 --test 8 --json`,
    )
    .action(bench)
}

async function bench({ model, json, dev, test, ...options }: BenchCommandOptions): Promise<void> {
  const log = (line: string) => void process.stderr.write(`${line}\n`)
  const report = await benchTask({
    ...options,
    model,
    path: locateModel(modelRef(model)),
    devItems: dev,
    testItems: test,
    log,
  })
  process.stdout.write(json ? JSON.stringify(report) + '\n' : render(report))
}

function render({ seconds, ratios, equalPredictions, ...report }: BenchReport): string {
  const names = {
    plain: 'plain route',
    publishedMethod: 'published method, torch f32',
    expertMethod: 'expert’s loop, torch f32',
  }
  const lines = [
    `${report.model}, ${report.task}, one core`,
    `wavefront                    ${seconds.wavefront?.toFixed(2)} s`,
  ]
  for (const key of ['plain', 'publishedMethod', 'expertMethod'] as const) {
    const [took, ratio] = [seconds[key], ratios[key]]
    if (took === null || ratio === null) continue
    const counts = Object.entries(equalPredictions[key] ?? {})
    const equal = counts.map(([part, { equal, of }]) => `${part} ${equal}/${of}`)
    lines.push(
      `${names[key].padEnd(28)} ${took.toFixed(2)} s, ${ratio.toFixed(2)} x; equal predictions: ${equal.join(', ')}`,
    )
  }
  lines.push(
    `${report.gflops?.toFixed(0)} GFLOP/s, ${((report.fractionOfPeak ?? 0) * 100).toFixed(0)} % of the core’s ${report.peakGflops.toFixed(0)}; engine process ${report.peakRssMb?.toFixed(0)} MB at most`,
  )
  return lines.join('\n') + '\n'
}

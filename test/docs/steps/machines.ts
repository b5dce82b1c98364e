import { expect } from 'vitest'
import { freePort } from '../free-port.js'
import type { Step } from '../session.js'

const port = await freePort()
const address = `127.0.0.1:${port}`
const small = [
  '--set models=[llama-mini-s,gptj-mini] --set tasks=algorithmic_to_upper --set experiments=main',
  '--set devItems=4 --set testItems=4 --set baselineItems=4 --no-report',
].join(' ')

/** docs/several-machines.md: a server, the machine with the database and another one, each a process here. */
export const machineSteps: readonly Step[] = [
  {
    of: 'openssl rand -hex 32 > key',
    needs: ['openssl'],
    claim: (_, session) => {
      expect(session.read('key').trim()).toMatch(/^[0-9a-f]{64}$/)
    },
  },
  {
    of: [
      'temporal server start-dev --ip 0.0.0.0',
      'taskvec run configs/paper.yaml --address temporal.lab:7233 --elsewhere gpt-j-6b,pythia-12b',
      'taskvec worker --models gpt-j-6b --address temporal.lab:7233',
      'taskvec workers',
    ],
    instead: () => ({
      // Not open to other machines while this is tested.
      '--ip 0.0.0.0': `--ip 127.0.0.1 --port ${port} --headless`,
      'temporal.lab:7233': address,
      'gpt-j-6b,pythia-12b': 'gptj-mini',
      'gpt-j-6b': 'gptj-mini',
      'taskvec workers': `taskvec workers --address ${address}`,
    }),
    smaller: small,
    script: ([server, run, worker, workers]) =>
      [
        `${server} > server.log 2>&1 &`,
        'server=$!',
        "until grep -q 'Server:' server.log; do kill -0 $server || exit 1; sleep 0.2; done",
        `${run} > run.txt 2> run.log &`,
        'run=$!',
        // It waits for a worker that has the model, and says so.
        "until grep -q 'gptj-mini: no worker has it; waiting' run.log; do kill -0 $run || exit 1; sleep 0.2; done",
        `${worker} > worker.log 2>&1 &`,
        'worker=$!',
        "trap 'kill $worker $server; wait' EXIT",
        'wait $run || exit 1',
        workers,
      ].join('\n'),
    claim: ({ stdout }, session) => {
      expect(stdout).toMatch(/gptj-mini/)
      expect(session.read('run.log')).toContain('Complete: 14 cells')
      expect(session.read('run.txt')).toContain('gptj-mini (F16)')
    },
  },
]

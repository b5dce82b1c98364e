import { expect } from 'vitest'
import { controlVector } from '../control-vector.js'
import { blockOf } from '../documented.js'
import { freePort } from '../free-port.js'
import type { Session, Step } from '../session.js'

const model = 'llama-mini-m'

const ports = { 8123: String(await freePort()), 8124: String(await freePort()) }

const wait = 'until [ -s serve.json ]; do sleep 0.2; done'

/** The lines as they stand, then the pages' Python, then the server's end; each part's output on lines of its own. */
const served = (python: string) => (lines: readonly string[], session: Session) => {
  session.write('ask.py', `${blockOf('docs/api.md', 'import json, urllib')}\n${python}`)
  const begun = lines.slice(0, lines.indexOf(wait))
  const asked = lines.slice(lines.indexOf(wait)).flatMap((line) => [line, 'echo'])
  return [...begun, 'server=$!', `trap 'kill $server' EXIT`, ...asked, 'python3 ask.py'].join('\n')
}
const page = `${blockOf('docs/api.md', 'sweep = ask(')}
print(json.dumps([wrong["all"], answer["hypothesis"][0]["layer"], len(answer["hypothesis"])]))`

/** What a snippet that needs numpy, or leaves pairs out, becomes; each line's value is printed. */
const predictions = blockOf('docs/api.md', 'ask("predict", {"prompt"')
  .replaceAll(', ...]', ', ["good", "bad"], ["in", "out"], ["high", "low"], ["fast", "slow"]]')
  .replaceAll('theta.tolist()', '[0.1] * ask("model")["dModel"]')
  .trimEnd()
  .split('\n')
  .map((line) => line.replace(/\s{2,}#.*$/, ''))

/** docs/api.md, on the sweep of quickstartSteps. */
export const apiSteps: readonly Step[] = [
  {
    of: [
      'taskvec serve --port 8123 --json > serve.json &',
      wait,
      'TOKEN=$(jq -r .token serve.json)',
      'curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8123/api/v1/sweeps',
      `curl -s -H "Authorization: Bearer $TOKEN" --json '{"model": "${model}", "task": "algorithmic_to_upper", "query": "q"}' http://127.0.0.1:8123/api/v1/predict`,
    ],
    needs: ['curl', 'jq', 'python3'],
    instead: () => ({ 8123: ports[8123] }),
    script: served(page),
    claim: ({ stdout }) => {
      const [sweeps = '', answer = '', ...printed] = stdout.split('\n').filter((line) => line !== '')
      expect(JSON.parse(sweeps)).toMatchObject([{ name: 'quickstart', status: 'complete' }])
      expect(JSON.parse(answer)).toMatchObject({ regular: 'Q' })
      expect(printed.slice(0, -1).map((line) => line.split(' ').slice(0, 2))).toEqual([
        [model, 'algorithmic_to_upper'],
        [model, 'algorithmic_next_letter'],
      ])
      // "The answer at all layers at once."
      expect(JSON.parse(printed.at(-1) ?? '')).toEqual([expect.any(Number), 0, 8])
    },
  },
  {
    of: [
      'rm -f serve.json',
      'taskvec serve --predict --model smollm2-135m-q4 --port 8124 --json > serve.json &',
      wait,
      `curl -s -H "Authorization: Bearer $(jq -r .token serve.json)" --json '{"prompt": "The capital of France is", "top": 3}' http://127.0.0.1:8124/api/v1/predict`,
    ],
    needs: ['curl', 'jq', 'python3'],
    instead: () => ({ 8124: ports[8124] }),
    before: async (session) => {
      session.write('upper.gguf', controlVector(576, [22]))
      await session.run('taskvec vectors import upper.gguf --name upper')
    },
    script: served(predictions.map((line) => `print(json.dumps(${line}))`).join('\n')),
    claim: ({ stdout }) => {
      const [curled, ...answers] = stdout.split('\n').flatMap((line) => {
        return line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]
      })
      expect((curled?.['top'] as unknown[]).length).toBe(3)
      const [said] = answers as unknown as string[]
      expect(`'${said}'`).toBe(/# ('.*')$/m.exec(blockOf('docs/api.md', 'ask("predict", {"prompt"'))?.[1])
      expect(answers).toHaveLength(predictions.length)
    },
  },
]

import { Command } from 'commander'
import type { Device, NumericsMode } from '../domain/numerics.js'
import { modelRef } from '../models/locate.js'
import { startPredictServer } from '../serve/predict-server.js'
import { startPageServer } from '../serve/server.js'
import { dbOption, deviceOption, numericsOption, wholeNumber } from './options.js'

interface ServeOptions {
  db: string
  port?: number
  json?: boolean
  predict?: boolean
  model: string
  numerics: NumericsMode
  device: Device
}

/** `taskvec serve`. */
export function serveCommand(): Command {
  return new Command('serve')
    .addOption(dbOption())
    .option('--port <n>', 'port on 127.0.0.1 (default: a free one)', wholeNumber(0, 65_535))
    .option('--predict', 'serve predictions of one loaded model as JSON instead of the page (docs/api.md)')
    .option('--model <id-or-path>', 'the model of --predict', 'smollm2-135m-q4')
    .addOption(numericsOption())
    .addOption(deviceOption())
    .option('--json', 'print one line {"url", "token"} when ready')
    .addHelpText(
      'after',
      `
Open the printed link; its token grants access. Ctrl-C stops the server; sweeps
are unaffected. With --predict, POST /api/v1/predict takes the options of taskvec
predict as JSON, one request or an array, with the token in the header.

Examples:
  $ taskvec serve
  $ taskvec serve --db results.db --port 8123
  $ ssh -L 8123:127.0.0.1:8123 host
  $ taskvec serve --predict --model smollm2-135m-q4 --port 8124
  $ curl -H "Authorization: Bearer $TOKEN" --json '{"prompt": "The capital of France is"}' http://127.0.0.1:8124/api/v1/predict`,
    )
    .action(serve)
}

async function serve({ db, port, json, predict, model, numerics, device }: ServeOptions): Promise<void> {
  const at = port === undefined ? {} : { port }
  const server = predict
    ? await startPredictServer(modelRef(model), { ...at, mode: { numerics, device } })
    : await startPageServer(db, at)
  const { url, token } = server
  process.stdout.write(json ? JSON.stringify({ url, token }) + '\n' : `${url}\n`)
  if (!json)
    process.stderr.write(
      predict
        ? `Authorization: Bearer ${token}\nPOST questions to ${url}/api/v1/predict. Press Ctrl-C to stop.\n`
        : 'Open this link in a browser. Press Ctrl-C to stop.\n',
    )
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
    process.once('SIGHUP', resolve)
  })
  await server.close()
}

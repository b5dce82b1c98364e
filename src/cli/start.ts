import { describeError } from '../domain/errors.js'
import { pullModel } from '../models/pull.js'
import { say } from '../system/log.js'
import { main } from './main.js'
import { runCommand } from './run.js'
import { wasStopped } from './sweep-command.js'

/** The model of configs/first-look.yaml. */
const pretrained = 'smollm2-135m-q4'

/** `npm start`: `run`, with the config that is given, else a pretrained model on three tasks and then the quickstart. */
export async function start([node = '', script = '', ...given]: readonly string[]): Promise<void> {
  const command = runCommand()
  const { operands } = command.parseOptions(given)
  const run = (...config: string[]) => main([node, script, 'run', ...config, ...given])
  if (operands.length > 0) return run()
  let worst = 0
  if (command.opts<{ dryRun?: boolean }>().dryRun || (await havePretrained())) {
    await run('first-look')
    worst = Number(process.exitCode ?? 0)
    if (wasStopped(worst)) return
    say(
      '\nNow the miniatures, small models trained to show the paper’s curves: every experiment, on 18 tasks.',
    )
  }
  await run('quickstart')
  process.exitCode = Math.max(worst, Number(process.exitCode ?? 0))
}

/** Fetches the pretrained model; without it, the miniatures run alone. */
async function havePretrained(): Promise<boolean> {
  say('First a pretrained model, SmolLM2-135M, on three tasks.')
  try {
    await pullModel(pretrained, { onProgress: (event) => event.kind === 'step' && say(event.text) })
    return true
  } catch (error) {
    say(`Only the miniatures are run, whose task vectors are built in by training: ${describeError(error)}`)
    return false
  }
}

import { Command } from 'commander'
import { startPageServer } from '../serve/server.js'
import { dbOption, wholeNumber } from './options.js'

/** `taskvec serve`. */
export function serveCommand(): Command {
  return new Command('serve')
    .addOption(dbOption())
    .option('--port <n>', 'port on 127.0.0.1 (default: a free one)', wholeNumber(0))
    .option('--json', 'print one line {"url", "token"} when it is ready')
    .addHelpText(
      'after',
      `
Open the link that it prints: the token in it is what lets you in. Ctrl-C ends it; sweeps are not touched.

Examples:
  $ taskvec serve
  $ taskvec serve --db results.db --port 8123
  $ ssh -L 8123:127.0.0.1:8123 host     then open the link on your own machine`,
    )
    .action(serve)
}

async function serve({ db, port, json }: { db: string; port?: number; json?: boolean }): Promise<void> {
  const server = await startPageServer(db, port === undefined ? {} : { port })
  process.stdout.write(
    json ? JSON.stringify({ url: server.url, token: server.token }) + '\n' : `${server.url}\n`,
  )
  if (!json) process.stderr.write('Open this link in a browser. Ctrl-C ends it.\n')
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
    process.once('SIGHUP', resolve)
  })
  await server.close()
}

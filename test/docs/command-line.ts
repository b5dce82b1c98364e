import type { Command } from 'commander'
import { commands } from '../../src/cli/main.js'

/** What is wrong with `taskvec WORDS...`, as far as it can be told without running it: no such command, or no such option. */
export async function wrongWith(words: readonly string[]): Promise<string[]> {
  const [name = '', next] = words
  const command: Command | undefined = await commands[name]?.load()
  if (!command) return [`no command ${name}`]
  const own = command.commands.find((each) => each.name() === next) ?? command
  const known = ['--help', ...own.options.flatMap(({ long }) => [long ?? ''])]
  return words
    .filter((word) => word.startsWith('--'))
    .map((word) => word.split('=', 1)[0] ?? '')
    .filter((option) => !known.includes(option))
    .map((option) => `${name} has no ${option}`)
}

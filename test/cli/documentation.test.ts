import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/main.js'
import { projectRoot } from '../../src/system/home.js'

const readme = readFileSync(join(projectRoot(), 'README.md'), 'utf8')
const program = await buildProgram()
const commands: (readonly [string, Command])[] = program.commands.map((command) => [command.name(), command])

describe('every command', () => {
  it.each(commands)('%s is described in README.md', (name) => {
    // In an example, or in the table of commands.
    expect(readme).toMatch(new RegExp(`(taskvec |\`)${name}\\b`))
  })

  it.each(commands)('%s has a description, documented options and examples in its help', (_, command) => {
    expect(command.description()).not.toBe('')
    for (const option of command.options) expect(option.description, option.flags).not.toBe('')
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) })
    command.outputHelp()
    for (const child of command.commands) {
      child.configureOutput({ writeOut: (text) => (help += text) })
      child.outputHelp()
    }
    expect(help).toContain('Examples')
  })
})

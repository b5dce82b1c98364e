import { execa, execaSync } from 'execa'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { findServerBinary } from '../../src/temporal/server-binary.js'
import { ensureServer, type RunningServer } from '../../src/temporal/server.js'
import { documented } from './documented.js'

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  /** What the docs show below the command. */
  readonly shown: readonly string[]
}

/** Commands of the docs, what is put in their place to be small and here, and what the sentences around them claim. */
export interface Step {
  /** As documented.ts has them; several are one script. */
  readonly of: string | readonly string[]
  /** Programs that a reader has, but perhaps not this machine. */
  readonly needs?: readonly string[]
  /** Placeholders, large models and other machines, and what stands for each. */
  readonly instead?: (session: Session) => Readonly<Record<string, string>>
  /** Options that make it smaller. */
  readonly smaller?: string
  /** Files that the docs take for granted. */
  readonly before?: (session: Session) => void | Promise<void>
  /** How the lines of several commands become a script; by default one after another. */
  readonly script?: (lines: readonly string[], session: Session) => string
  readonly claim: (ran: Ran, session: Session) => void | Promise<void>
}

/** A folder as a reader has it, with data of its own, where the docs' commands are run by a shell. */
export class Session {
  readonly folder = mkdtempSync(join(tmpdir(), 'taskvec-docs-'))
  readonly #programs = join(this.folder, '.programs')
  #server: RunningServer | undefined

  static async create(): Promise<Session> {
    const session = new Session()
    const { path } = await findServerBinary()
    mkdirSync(session.#programs)
    session.#program(
      'taskvec',
      `exec "${process.execPath}" "${join(projectRoot(), 'bin', 'taskvec.js')}" "$@"`,
    )
    session.#program('temporal', `exec "${path}" "$@"`)
    // What a clone has in its folder.
    for (const name of ['configs', 'miniatures']) symlinkSync(join(projectRoot(), name), session.path(name))
    session.#server = await ensureServer({ home: session.path('.taskvec') })
    return session
  }

  #program(name: string, line: string): void {
    writeFileSync(join(this.#programs, name), `#!/bin/sh\n${line}\n`)
    chmodSync(join(this.#programs, name), 0o755)
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.path(name), content)
  }

  /** What a shell makes of a script here; each command has to succeed. */
  async run(script: string): Promise<{ stdout: string; stderr: string }> {
    const { TASKVEC_HOME: _, TEMPORAL_ADDRESS: __, ...environment } = process.env
    const { stdout, stderr, exitCode } = await execa('sh', ['-e', '-c', script], {
      cwd: this.folder,
      env: { ...environment, PATH: [this.#programs, environment['PATH']].join(delimiter) },
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
    })
    expect(exitCode, `${script}\n${stdout}\n${stderr}`).toBe(0)
    return { stdout, stderr }
  }

  /** What a command with `--json` prints. */
  async json(command: string): Promise<unknown> {
    return JSON.parse((await this.run(command)).stdout)
  }

  async close(): Promise<void> {
    await this.#server?.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** One test for each step, in order, all in one folder: later ones use what earlier ones have computed. */
export function inSession(steps: readonly Step[]): void {
  let session: Session
  beforeAll(async () => {
    session = await Session.create()
  })
  afterAll(() => session.close())

  for (const step of steps) {
    const texts = [step.of].flat()
    it.skipIf(!(step.needs ?? []).every(isThere))(texts.join('; '), async () => {
      await step.before?.(session)
      const replacements = Object.entries(step.instead?.(session) ?? {})
      const lines = texts.map((text) => {
        const line = replacements.reduce((said, [from, to]) => said.replaceAll(from, to), text)
        return [line, ...(step.smaller && line.includes('taskvec run') ? [step.smaller] : [])].join(' ')
      })
      for (const [from] of replacements) expect(texts.join('\n')).toContain(from)
      const ran = await session.run(step.script?.(lines, session) ?? lines.join('\n'))
      const shown = documented.find(({ text, output }) => texts.includes(text) && output.length > 0)?.output
      await step.claim({ ...ran, shown: shown ?? [] }, session)
    })
  }
}

const isThere = (program: string) =>
  execaSync('sh', ['-c', `command -v ${program}`], { reject: false }).exitCode === 0

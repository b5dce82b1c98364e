import { execaSync } from 'execa'

/** Hosts on one machine: network namespaces with addresses of their own, on one bridge. Linux, and root. */
export class Network {
  readonly #hosts: string[] = []

  constructor(
    /** Short: names of network devices have 15 characters at most. */
    private readonly name: string,
    /** The first three bytes of its addresses. */
    private readonly prefix: string,
  ) {
    ip('link', 'add', name, 'type', 'bridge')
    ip('link', 'set', name, 'up')
  }

  /** Why this machine cannot have one; null: it can. */
  static refusal(): string | null {
    if (process.platform !== 'linux') return 'network namespaces are Linux only'
    if (process.getuid?.() !== 0) return 'network namespaces need root'
    const probe = `tp${process.pid % 10_000}`
    const made = [
      ['netns', 'add', probe],
      ['link', 'add', probe, 'type', 'bridge'],
    ].map((args) => execaSync('ip', args, { reject: false }))
    for (const kind of ['link', 'netns']) execaSync('ip', [kind, 'del', probe], { reject: false })
    const [failed] = made.filter(({ exitCode }) => exitCode !== 0)
    return failed ? `${failed.command}: ${failed.stderr || failed.message}` : null
  }

  /** Adds a host and returns its address. */
  add(host: string): string {
    const [space, inside, outside] = [this.space(host), `${this.name}${host}i`, `${this.name}${host}`]
    const address = `${this.prefix}.${this.#hosts.push(host) + 1}`
    ip('netns', 'add', space)
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside)
    ip('link', 'set', outside, 'master', this.name, 'up')
    ip('link', 'set', inside, 'netns', space)
    ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', inside)
    ip('-n', space, 'link', 'set', inside, 'up')
    ip('-n', space, 'link', 'set', 'lo', 'up')
    return address
  }

  /** What a command line begins with, to run on that host. */
  on(host: string): string[] {
    return ['ip', 'netns', 'exec', this.space(host)]
  }

  cut(host: string): void {
    ip('link', 'set', `${this.name}${host}`, 'down')
  }

  restore(host: string): void {
    ip('link', 'set', `${this.name}${host}`, 'up')
  }

  [Symbol.dispose](): void {
    for (const host of this.#hosts) execaSync('ip', ['netns', 'del', this.space(host)], { reject: false })
    execaSync('ip', ['link', 'del', this.name], { reject: false })
  }

  private space(host: string): string {
    return `${this.name}-${host}`
  }
}

function ip(...args: string[]): void {
  execaSync('ip', args)
}

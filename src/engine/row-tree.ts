/**
 * The rows of one chunk as a tree over token ids: a row is one token at one position, and sees itself and its
 * ancestors. Prompts that begin alike share rows, so equal prefixes are computed once; a patched last token is one
 * more leaf below the same prefix.
 */
export class RowTree {
  readonly tokens: number[] = []
  /** Position in the prompt, 0-based. */
  readonly positions: number[] = []
  /** Row before this one in its prompt; -1 at the start. */
  readonly parents: number[] = []
  /**
   * The last block that looks at this row, as key and value at least: its state is not needed after the block before.
   * -1: none; the number of blocks: the head reads it.
   */
  readonly lastBlock: number[] = []
  readonly #children = new Map<string, number>()

  /** Rows of a prompt, from its first token to its last, shared with earlier prompts where they begin alike. */
  addPrompt(tokens: readonly number[], lastBlock: number): number[] {
    let parent = -1
    return tokens.map((token) => (parent = this.addToken(parent, token, lastBlock)))
  }

  /** The row of one more token behind `parent`; the one that is there, if there is. */
  addToken(parent: number, token: number, lastBlock: number): number {
    const key = `${parent}:${token}`
    const row = this.#children.get(key) ?? this.#add(token, parent)
    this.#children.set(key, row)
    this.keep(row, lastBlock)
    return row
  }

  /** A row and those before it in its prompt from position `first` on, the last one first. */
  pathTo(row: number, first: number): number[] {
    const path = []
    for (let seen = row; seen >= 0 && (this.positions[seen] as number) >= first;) {
      path.push(seen)
      seen = this.parents[seen] as number
    }
    return path
  }

  /** From here on no earlier row is given for a token: it may have been left out. Returns the number of rows. */
  forget(): number {
    this.#children.clear()
    return this.size
  }

  /** A row that no token stands for: a last token whose residual stream is put in place. */
  addPatched(parent: number, lastBlock: number): number {
    const row = this.#add(-1, parent)
    this.keep(row, lastBlock)
    return row
  }

  /** Keeps a row until `lastBlock` at least. */
  keep(row: number, lastBlock: number): void {
    this.lastBlock[row] = Math.max(this.lastBlock[row] as number, lastBlock)
  }

  get size(): number {
    return this.tokens.length
  }

  #add(token: number, parent: number): number {
    this.tokens.push(token)
    this.parents.push(parent)
    this.positions.push(parent < 0 ? 0 : (this.positions[parent] as number) + 1)
    this.lastBlock.push(-1)
    return this.tokens.length - 1
  }
}

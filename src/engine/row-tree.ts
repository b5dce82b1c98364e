/**
 * The rows of one chunk as a tree over token ids: a row is one token at one position and attends to itself and its ancestors. Prompts
 * with a common prefix share its rows, which are computed once; a patched last token is another leaf below the same prefix.
 */
export class RowTree {
  readonly tokens: number[] = []
  /** Position in the prompt, 0-based. */
  readonly positions: number[] = []
  /** Row before this one in its prompt; -1 at the start. */
  readonly parents: number[] = []
  /**
   * The last block that uses this row, at least as key and value; its state is not needed afterwards.
   * -1: none; the number of blocks: the head reads it.
   */
  readonly lastBlock: number[] = []
  readonly #children = new Map<string, number>()

  /** Adds a prompt; returns its rows, first to last, which it shares with earlier prompts of the same prefix. */
  addPrompt(tokens: readonly number[], lastBlock: number): number[] {
    let parent = -1
    return tokens.map((token) => (parent = this.addToken(parent, token, lastBlock)))
  }

  /** The row of a token after `parent`, added unless it exists. */
  addToken(parent: number, token: number, lastBlock: number): number {
    const key = `${parent}:${token}`
    const row = this.#children.get(key) ?? this.#add(token, parent)
    this.#children.set(key, row)
    this.keep(row, lastBlock)
    return row
  }

  /** A row and its ancestors down to position `first`, in this order. */
  pathTo(row: number, first: number): number[] {
    const path = []
    for (let seen = row; seen >= 0 && (this.positions[seen] as number) >= first;) {
      path.push(seen)
      seen = this.parents[seen] as number
    }
    return path
  }

  /** Stops sharing earlier rows, which may have been dropped. Returns the number of rows. */
  forget(): number {
    this.#children.clear()
    return this.size
  }

  /** A row without a token: a last token whose residual stream is patched in. */
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

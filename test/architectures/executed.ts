import { join } from 'node:path'
import { identify } from '../../src/architectures/catalog.js'
import { BlockSessions } from '../../src/engine/block-sessions.js'
import { LocalEngine } from '../../src/engine/local-engine.js'
import type { Execution } from '../../src/engine/planner.js'
import { openCheckpoint } from '../../src/weights/open.js'

/** The engine's model from its folder again, executed otherwise than the planner chose. */
export async function executed(
  engine: LocalEngine,
  folder: string,
  execution: Execution,
): Promise<LocalEngine> {
  const { decoder, checkpoint } = identify(await openCheckpoint(folder))
  const sessions = await BlockSessions.load(checkpoint, decoder, execution)
  const { tokenizer } = engine as unknown as { tokenizer: never }
  const plan = { ...engine.plan, execution, itemsPerPass: 16 }
  return new LocalEngine(sessions, tokenizer, engine.info, plan, join(folder, 'passes'))
}

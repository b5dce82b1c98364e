import type { z } from 'zod'
import type { beyond } from '../../store/schema/views.js'
import type { NewUnit, UnitKind } from '../experiment.js'
import type { ViewRow } from '../sweep-rows.js'

/** An experiment beyond the paper: a switch of `beyond` in configs, with its own units. */
export interface BeyondPart<Setting = unknown> {
  /** Includes its default; the output is part of the sweep's id. */
  readonly setting: z.ZodType<Setting>
  /** `items`: test items at most. None if it is switched off. */
  units(setting: Setting, items: number, tasks: readonly string[]): NewUnit[]
  readonly kinds: Readonly<Record<string, UnitKind>>
}

export type BeyondScore = Omit<ViewRow<typeof beyond>, 'sweep' | 'sourceLayer' | 'accuracy'>

import { z } from 'zod'
import { figurePerModel, table } from '../../figures/section.js'
import { count } from '../settings.js'
import {
  onlyStep,
  passesOf,
  passesStep,
  rowsOf,
  type Experiment,
  type StoredRows,
  type UnitKind,
} from '../experiment.js'
import { commonIdentity, hashOf, perTask, taskStep, testItemsOf } from '../task-units.js'
import { fromBase64 } from '../thetas.js'
import { attentionShares as sharesOf, type AttentionResult } from './forward-passes.js'
import { attentionMap } from './attention-map.js'
import { readersTable } from './readers-table.js'
import { attentionShares, attentionView } from './tables.js'

const settings = z.strictObject({
  /** Number of test items, the first ones. */
  items: count.default(25),
})

type Settings = z.output<typeof settings>

const passes = passesOf('attentionShares', 'attention', sharesOf)

const ofOneTask: UnitKind<Settings> = {
  passes: [passes],
  table: attentionShares,
  hands: testItemsOf('attention'),
  plan({ place, task, seed }, { items: asked }) {
    const of = task(place.task)
    const items = of.items('test', asked)
    return {
      identity: { ...commonIdentity(of), items: hashOf(items), seed },
      modelHash: of.modelHash,
      next: onlyStep(
        attentionShares,
        passesStep('attention', passes, { ...taskStep(of, items), seed }, shareRows),
      ),
    }
  },
  check: shareBeyondOne,
}

/** A head's attention sums to 1 over all parts, or to less if it has a sink. */
function shareBeyondOne(stored: StoredRows): string | null {
  const sums = new Map<string, number>()
  for (const { layer, head, part, attention } of stored.all(attentionShares)) {
    if (part === 'induction') continue
    const place = `head ${head} of layer ${layer}`
    sums.set(place, (sums.get(place) ?? 0) + attention)
  }
  const beyond = [...sums].find(([, sum]) => !(sum <= 1 + 1e-4))
  return beyond ? `the attention of ${beyond[0]} is ${beyond[1]} in all` : null
}

function shareRows({ items, groups, heads, base64 }: AttentionResult) {
  const values = fromBase64(base64)
  let next = 0
  // Six places: the precision of f32 and the bootstrap.
  const value = () => Math.round((values[next++] as number) * 1e6) / 1e6
  const rows = heads.flatMap((count, layer) =>
    Array.from({ length: count }, (_, head) =>
      groups.map(({ group: part, tokens }) => {
        const [attention, low, high] = [value(), value(), value()]
        return { layer, head, part, attention, low, high, tokens, items }
      }),
    ).flat(),
  )
  return [rowsOf(attentionShares, rows)]
}

/** Which heads read the demonstrations' labels at the last token, where θ is. */
export const attention: Experiment<Settings> = {
  name: 'attention',
  settings,
  units: (given, tasks) => perTask('attention', tasks, given),
  kinds: { attention: ofOneTask },
  tables: {
    attention: {
      view: attentionView,
      columns: ['model', 'task', 'layer', 'head', 'part', 'attention', 'low', 'high', 'tokens', 'items'],
      order: ['task', 'layer', 'head', 'part'],
      averaged: ['attention'],
    },
  },
  section: {
    id: 'attention',
    title: 'Where the last token looks',
    units: ['attention'],
    blocks(rows) {
      const shares = rows.of(attentionView, {
        columns: ['model', 'task', 'layer', 'head', 'part', 'attention', 'tokens'],
        order: ['task', 'layer', 'head', 'part'],
      })
      return shares.length === 0 ? [] : [...figurePerModel(shares, attentionMap), table(readersTable(shares))]
    },
  },
}

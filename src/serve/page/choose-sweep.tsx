import type { SweepLine } from '../api.js'

const ofGroup = 'group '

/** Chooses a sweep or a group; the sweeps of one config are listed together. */
export function ChooseSweep({
  sweeps,
  shown,
  show,
}: {
  sweeps: readonly SweepLine[]
  shown: { readonly sweep?: string | null; readonly group?: string | null }
  show: (what: { sweep: string | null; group: string | null }) => void
}) {
  // Ordered by the latest sweep of each.
  const groups = new Map<string, SweepLine[]>()
  for (const line of sweeps) {
    const key = line.setting === '' ? line.id : (line.group ?? line.id)
    groups.set(key, [...(groups.get(key) ?? []), line])
  }
  return (
    <label>
      sweep{' '}
      <select
        value={shown.group ? `${ofGroup}${shown.group}` : (shown.sweep ?? '')}
        onChange={({ currentTarget: { value } }) =>
          show(
            value.startsWith(ofGroup)
              ? { sweep: null, group: value.slice(ofGroup.length) }
              : { sweep: value, group: null },
          )
        }
      >
        {[...groups].map(([key, lines]) => {
          const [first] = lines
          if (!first || lines.length === 1) return lines.map((line) => <Line key={line.id} line={line} />)
          return (
            <optgroup key={key} label={`${first.name}, ${lines.length} settings`}>
              <option value={`${ofGroup}${key}`}>{key}: all settings</option>
              {lines.map((line) => (
                <Line key={line.id} line={line} />
              ))}
            </optgroup>
          )
        })}
      </select>
    </label>
  )
}

function Line({ line: { id, status, setting } }: { line: SweepLine }) {
  return (
    <option value={id}>
      {id} ({setting === '' ? status : `${setting}; ${status}`})
    </option>
  )
}

import type { YamlFile } from '../system/yaml-file.js'

/** Errors: CONFIG. */
export function refuseRepeats(
  yaml: YamlFile,
  key: 'models' | 'tasks' | 'experiments',
  ids: readonly string[],
): void {
  const repeated = ids.findIndex((id, i) => ids.indexOf(id) < i)
  if (repeated >= 0) throw yaml.error([key, repeated], `"${ids[repeated]}" is given twice`)
}

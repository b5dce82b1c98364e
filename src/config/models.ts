import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { didYouMean } from '../domain/did-you-mean.js'
import type { ConfigFile } from './schema.js'
import type { SweepConfig } from './sweep-config.js'
import { expanded } from '../system/home.js'
import type { YamlFile } from '../system/yaml-file.js'
import { refuseRepeats } from './refuse-repeats.js'

export interface Models {
  readonly known: readonly string[]
  readonly elsewhere: readonly string[]
}

/** The models of a config, one per revision. Errors: CONFIG. */
export function modelsOf(
  yaml: YamlFile,
  config: ConfigFile,
  { known, elsewhere }: Models,
): SweepConfig['models'] {
  const models = config.models.flatMap((entry, i): SweepConfig['models'] => {
    const { id, path, repo, revision = 'main' } = typeof entry === 'string' ? { id: entry } : entry
    if (repo !== undefined) {
      if (typeof revision === 'string') return [{ id, repo, revision }]
      return revision.map((one) => ({ id: `${id}-${one.replaceAll('/', '-')}`, repo, revision: one }))
    }
    if (path === undefined) {
      if (known.includes(id)) return [{ id }]
      throw yaml.error(
        ['models', i],
        `unknown model "${id}"${didYouMean(id, known)}`,
        'See taskvec models list. For any other model: {id: mine, path: ../weights/folder-or-file.gguf} or {id: mine, repo: owner/name}',
      )
    }
    const absolute = resolve(dirname(yaml.file), expanded(path))
    if (!existsSync(absolute) && !elsewhere.includes(id) && !elsewhere.includes('all')) {
      throw yaml.error(
        ['models', i, 'path'],
        `no such file or folder: ${absolute}`,
        `If only other machines have it: --elsewhere ${id} here, taskvec worker --models ${id}=PATH there.`,
      )
    }
    return [{ id, path: absolute }]
  })
  refuseRepeats(
    yaml,
    'models',
    models.map(({ id }) => id),
  )
  return models
}

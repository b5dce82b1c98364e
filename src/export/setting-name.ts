import { readNumerics, type NumericsJson, type NumericsMode } from '../domain/numerics.js'
import type { Protocol } from '../domain/types.js'
import { promptName } from '../prompt/templates.js'

const usualDummies = 2
const usualNumerics: NumericsMode = 'f32'

/**
 * A short name of a sweep's setting, part of vector names: `k5-arrow-s41`. Values other than the defaults are added: `-d3` (number of
 * dummy queries), `-shuffled` (labels), `-o7` (order) and the numerics.
 */
export function settingName(protocol: Protocol, numerics: NumericsJson): string {
  const { demonstrations, dummyQueries, seed, prompt, demonstrationLabels, orderSeed } = protocol
  const { mode } = readNumerics(numerics)
  return [
    `k${demonstrations}`,
    pathPart(promptName(prompt)),
    ...(dummyQueries === usualDummies ? [] : [`d${dummyQueries}`]),
    ...(demonstrationLabels === undefined ? [] : [demonstrationLabels]),
    ...(orderSeed === undefined ? [] : [`o${orderSeed}`]),
    ...(mode === usualNumerics ? [] : [mode]),
    `s${seed}`,
  ].join('-')
}

/** A name without characters that are special in paths. */
function pathPart(name: string): string {
  return name.replace(/[^A-Za-z0-9._]+/g, '_')
}

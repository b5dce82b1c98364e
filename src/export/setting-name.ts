import { readNumerics, type NumericsJson, type NumericsMode } from '../domain/numerics.js'
import type { Protocol } from '../domain/types.js'
import { promptName } from '../prompt/templates.js'

const usualDummies = 2
const usualNumerics: NumericsMode = 'f32'

/**
 * A sweep's setting as a short name, part of each vector's: `k5-arrow-s41`; with `-d3` where θ is the mean over another number of
 * dummy queries than 2, `-shuffled`, `-o7` and the numerics where they are not the usual ones.
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

/** A path's part: nothing that a file system or a reader of the name would take for more. */
function pathPart(name: string): string {
  return name.replace(/[^A-Za-z0-9._]+/g, '_')
}

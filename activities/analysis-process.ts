import { analyses } from '../src/experiments/catalog.js'
import { openReadOnly } from '../src/store/open.js'
import { thetaReader } from '../src/store/thetas.js'
import type { Analysis, AnalysisAnswer } from './analysis.js'

/** The child process of one analysis (analysis.ts): reads θ, sends its result, exits. */
process.once('message', (analysis: Analysis) => {
  process.send?.(answer(analysis), () => process.disconnect())
})

function answer({ db, activity, ...input }: Analysis): AnalysisAnswer {
  try {
    const analysis = analyses[activity]
    if (!analysis) throw new Error('no such analysis')
    return { result: analysis.run(thetaReader(openReadOnly(db)), input) }
  } catch (error) {
    return { failure: { message: (error as Error).message } }
  }
}

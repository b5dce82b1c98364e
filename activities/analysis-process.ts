import { openReadOnly } from '../src/store/open.js'
import { analyses } from './analyses.js'
import type { Analysis, AnalysisAnswer } from './analysis.js'

/** The process of one analysis (analysis.ts): reads θ, answers once, ends. */
process.once('message', (analysis: Analysis) => {
  process.send?.(answer(analysis), () => process.disconnect())
})

function answer({ db, activity, ...input }: Analysis): AnalysisAnswer {
  try {
    return { result: analyses[activity](openReadOnly(db), input) }
  } catch (error) {
    return { failure: { message: (error as Error).message } }
  }
}

import { inSession } from './session.js'
import { studySteps } from './steps/study.js'

inSession(studySteps)

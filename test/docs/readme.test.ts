import { inSession } from './session.js'
import { readmeSteps } from './steps/readme.js'

inSession(readmeSteps)

import { inSession } from './session.js'
import { machineSteps } from './steps/machines.js'

inSession(machineSteps)

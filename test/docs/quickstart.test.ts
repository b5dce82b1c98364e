import { inSession } from './session.js'
import { apiSteps } from './steps/api.js'
import { databaseSteps } from './steps/database.js'
import { quickstartSteps } from './steps/quickstart.js'

inSession([...quickstartSteps, ...apiSteps, ...databaseSteps])

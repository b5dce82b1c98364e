// `npm start [-- CONFIG OPTIONS]`: runs a sweep, by default a pretrained model on three tasks and then the quickstart.
import { prepare } from './prepare.js'

prepare()
const { start } = await import('../dist/start.js')
await start(process.argv)

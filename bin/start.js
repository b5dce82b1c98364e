// `npm start [-- CONFIG OPTIONS]`: runs a sweep, by default the quickstart, with built-in defaults.
import { prepare } from './prepare.js'

prepare()
const { start } = await import('../dist/main.js')
await start(process.argv)

// `npm start [-- CONFIG OPTIONS]`: a sweep, by default the quickstart's, on embedded defaults.
import { prepare } from './prepare.js'

prepare()
const { start } = await import('../dist/main.js')
await start(process.argv)

/** A process that owns an engine process and tells its pid: killed by engine-process.test.ts. */
import { startEngineProcess } from '../../src/engine/engine-process.js'
import { tinyFolder } from '../golden/read.js'

const engine = await startEngineProcess(tinyFolder('mha'))
process.stdout.write(`${engine.pid}\n`)
setInterval(() => {}, 1000)

// `npm start [-- CONFIG ...]`: the main job on embedded defaults.
import { join } from 'node:path'
import { prepare, root } from './prepare.js'

prepare()
const { main } = await import('../dist/main.js')
const given = process.argv.slice(2)
const config = given.some((argument) => !argument.startsWith('-'))
  ? []
  : [join(root, 'configs', 'quickstart.yaml')]
await main([...process.argv.slice(0, 2), 'run', ...config, ...given])

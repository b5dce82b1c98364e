#!/usr/bin/env node
import { prepare } from './prepare.js'

prepare()
const { main } = await import('../dist/main.js')
await main(process.argv)

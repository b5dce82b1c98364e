#!/usr/bin/env node
// In a clone, installs and builds what is missing or out of date; a package already contains everything.
import { existsSync } from 'node:fs'

const setUp = new URL('./prepare.js', import.meta.url)
if (existsSync(setUp)) (await import(setUp.href)).prepare()
const { main } = await import('../dist/main.js')
await main(process.argv)

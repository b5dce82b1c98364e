#!/usr/bin/env node
// In a clone, what is missing or out of date is installed and built first; a package has it all.
import { existsSync } from 'node:fs'

const setUp = new URL('./prepare.js', import.meta.url)
if (existsSync(setUp)) (await import(setUp.href)).prepare()
const { main } = await import('../dist/main.js')
await main(process.argv)

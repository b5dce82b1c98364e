import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expanded, projectRoot } from '../system/home.js'

/** Path of a config: the user's file, else one that comes with taskvec, given as `quickstart` or configs/quickstart.yaml. */
export function configFile(asked: string): string {
  const given = expanded(asked)
  if (existsSync(given)) return given
  const folder = join(projectRoot(), 'configs')
  const name = basename(given, '.yaml')
  const meant = [name, `${name}.yaml`, join('configs', `${name}.yaml`)].includes(given)
  return meant && configNames().includes(name) ? join(folder, `${name}.yaml`) : given
}

/** Names of the configs that come with taskvec. */
export function configNames(): string[] {
  return readdirSync(join(projectRoot(), 'configs'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
}

import { parse } from 'yaml'
import { InvalidArgumentError } from 'commander'

/** Values of options from their texts. Errors: InvalidArgumentError. */

export function tokenIds(text: string): number[] {
  return text.split(',').map((part) => {
    if (!/^\s*\d+\s*$/.test(part))
      throw new InvalidArgumentError(`"${part}" is not a token id; give whole numbers, such as 5,6,7.`)
    return Number(part)
  })
}

/** A name, a number, or a list or map in YAML's flow style or JSON. */
export function yamlValue(text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    const [reason = ''] = (error as Error).message.split(' at line ', 1)
    throw new InvalidArgumentError(`It is not YAML: ${reason}.`)
  }
}

export function repeated<Value>(parse: (text: string) => Value): (text: string, before?: Value[]) => Value[] {
  return (text, before = []) => [...before, parse(text)]
}

export function number(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new InvalidArgumentError('It must be a number, such as 1.5 or -0.5.')
}

export function oneOf<Value extends string>(values: readonly Value[]): (text: string) => Value {
  return (text) => {
    const value = values.find((known) => known === text)
    if (value !== undefined) return value
    throw new InvalidArgumentError(`It must be ${values.join(' or ')}.`)
  }
}

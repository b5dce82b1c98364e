import { InvalidArgumentError } from 'commander'
import { didYouMean } from '../domain/did-you-mean.js'
import { axes, type Axis } from '../store/settings.js'

/** `--by demonstrations,prompt`. */
export function axesOf(text: string): Axis[] {
  return text.split(',').map((name) => {
    const axis = axes.find((each) => each === name.trim() || `${each}s` === name.trim())
    if (axis) return axis
    throw new InvalidArgumentError(
      `"${name}" is no axis${didYouMean(name, axes) || '.'} The axes: ${axes.join(', ')}.`,
    )
  })
}

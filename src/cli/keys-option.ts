import { InvalidArgumentError } from 'commander'
import { didYouMean } from '../domain/did-you-mean.js'
import { settingKeys, type SettingKey } from '../store/settings.js'

/** `--by demonstrations,prompt`. */
export function keysOf(text: string): SettingKey[] {
  return text.split(',').map((name) => {
    const given = name.trim()
    const key = settingKeys.find((each) => each === given || `${each}s` === given || each === `${given}s`)
    if (key) return key
    throw new InvalidArgumentError(
      `"${name}" is not a key for --by${didYouMean(name, settingKeys) || '.'} Keys: ${settingKeys.join(', ')}.`,
    )
  })
}

import { expect, it } from 'vitest'
import { fuzz, targets } from './targets.js'

/** `npm run fuzz` does the same 100,000 times each; docs/reliability.md has its figures. */
it.each(targets.map((target) => [target.name, target] as const))(
  '%s: 500 mutations are read or refused by name',
  (_, target) => {
    const { accepted, refused } = fuzz(target, 500, 41)
    const count = Object.values(refused).reduce((a, b) => a + b, 0)
    expect(accepted + count).toBe(500)
    expect(count).toBeGreaterThan(50)
  },
)

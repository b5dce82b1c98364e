import type { z } from 'zod'

export type Issue = z.core.$ZodIssue

/** An issue as a phrase that follows the key's name: `must be at least 1`. */
export function inWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'is missing'
        : issue.message.replace('Invalid input: expected', 'must be of type').replace(', received', ', not')
    case 'too_small':
      return issue.origin === 'array' ? 'must not be empty' : `must be at least ${issue.minimum}`
    case 'too_big':
      return `must be at most ${issue.maximum}`
    default:
      return issue.message
  }
}

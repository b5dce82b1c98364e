import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow'

/** The innermost cause says what went wrong; the wrappers only say that an activity failed. */
export function describeFailure(error: unknown): { code: string; message: string; attempts: number } {
  const cause = error instanceof ActivityFailure ? error.cause : error
  const code =
    cause instanceof ApplicationFailure && cause.type
      ? cause.type
      : cause instanceof Error
        ? cause.name
        : 'UNKNOWN'
  const details =
    cause instanceof ApplicationFailure ? (cause.details?.[0] as { attempt?: number } | undefined) : undefined
  return {
    code,
    message: cause instanceof Error ? cause.message : String(cause),
    attempts: details?.attempt ?? 1,
  }
}

import { ApplicationFailure, DefaultPayloadConverter, type Payload } from '@temporalio/common'
import { largestPayload, tooLarge } from '../src/domain/payloads.js'

/**
 * Refuses what Temporal would refuse, inside the workflow, where it becomes a row of `failures`. Sent, it would fail the
 * workflow's task instead, again and again. `src/temporal/bundle.ts` bundles it with the workflows.
 */
class LimitedPayloadConverter extends DefaultPayloadConverter {
  override toPayload<T>(value: T): Payload {
    const payload = super.toPayload(value)
    const bytes = payload.data?.length ?? 0
    if (bytes > largestPayload)
      throw ApplicationFailure.nonRetryable(tooLarge('what a step needs', bytes), 'PAYLOAD')
    return payload
  }
}

export const payloadConverter = new LimitedPayloadConverter()

import { ApplicationFailure, DefaultPayloadConverter, type Payload } from '@temporalio/common'
import { largestPayload, tooLarge } from '../src/domain/payloads.js'

/**
 * Refuses payloads that Temporal would refuse, but inside the workflow, where this becomes a row of `failures`. If sent, they would
 * fail the workflow task, which is retried forever. Bundled with the workflows (bin/build.js).
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

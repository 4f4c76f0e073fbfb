import { StoreInputError } from '../../../ground/errors.js'

/** The last event of a page of a list: by when it was received, and of the same millisecond by id. */
export interface EventCursor {
  /** Milliseconds. */
  readonly receivedAt: number
  readonly id: string
}

export function formatEventCursor({ receivedAt, id }: EventCursor): string {
  return `${receivedAt}~${id}`
}

/** @throws {StoreInputError} for a text that {@link formatEventCursor} did not make */
export function parseEventCursor(text: string): EventCursor {
  const [, receivedAt = '', id = ''] =
    (typeof text === 'string' && /^(\d{1,16})~(.{1,320})$/s.exec(text)) || []
  if (id === '') throw new StoreInputError('after must be `next` of a page of this list.')
  return { receivedAt: Number(receivedAt), id }
}

import type { ConfiguredClerk } from '../config/define-config.js'
import type { Output } from './output.js'
import type { Records } from './records.js'

/** A stored event, as `clerk.webhooks.list` has it. */
export type EventInfo = Awaited<ReturnType<ConfiguredClerk['webhooks']['list']>>['events'][number]

/** For programs. */
export function recordOf(event: EventInfo): Records['event'] {
  const { id, type, status, attempts, succeeded, subjects, error, reason } = event
  const { timestamp, receivedAt, dueAt, finishedAt } = event
  const what = { id, event: type, status, attempts, succeeded, subjects, error, reason }
  return { ...what, timestamp, receivedAt, dueAt, finishedAt }
}

const time = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

/** For people, on one line. */
export function lineOf(
  { id, type, status, attempts, receivedAt, error }: EventInfo,
  { style }: Output,
): string {
  const paint = { open: style.yellow, failed: style.red, done: style.green, discarded: style.dim }[status]
  const why = error === null ? '' : ` ${style.dim(error.slice(0, 80))}`
  return `${time(receivedAt)} ${paint(status.padEnd(9))} ${String(attempts).padStart(2)}× ${type.padEnd(30)} ${id}${why}`
}

/** For people, a line for each thing that there is. */
export function detailsOf(event: EventInfo, data: unknown): string[] {
  const rows: readonly (readonly [string, string | null])[] = [
    ['id', event.id],
    ['type', event.type],
    ['status', event.status],
    ['attempts', String(event.attempts)],
    ['subjects', event.subjects.join(' ')],
    ['handlers', event.succeeded.join(' ')],
    ['happened', time(event.timestamp)],
    ['received', time(event.receivedAt)],
    ['due', event.status === 'open' ? time(event.dueAt) : null],
    ['finished', event.finishedAt === null ? null : time(event.finishedAt)],
    ['error', event.error],
    ['reason', event.reason],
    ['data', data == null ? null : JSON.stringify(data, null, 2)],
  ]
  return rows.flatMap(([name, value]) => (value === null || value === '' ? [] : `${name.padEnd(9)} ${value}`))
}

/** `null`: the body is gone. */
export function dataOf(body: string): unknown {
  if (body === '') return null
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

import { CliError } from '../cli-error.js'
import { command, type Run } from '../command.js'
import type { ConfiguredClerk } from '../config/define-config.js'
import { dataOf, detailsOf, type EventInfo, lineOf, recordOf } from '../output/webhook-lines.js'
import { duration, moment, oneOf, text, wholeNumber } from '../parse.js'

type Webhooks = ConfiguredClerk['webhooks']

const FILTERS = {
  status: {
    help: 'open, failed, done or discarded',
    value: 'status',
    parse: oneOf('open', 'failed', 'done', 'discarded'),
  },
  type: { help: 'of this type alone: user.updated', value: 'type', parse: text },
  since: { help: 'first received since: 24h, 2026-01-31', value: 'when', parse: moment },
} as const

const PAGE = 100

export const listWebhooks = command({
  path: 'webhooks list',
  summary: 'Lists stored events, newest first, without what they say of a person.',
  options: {
    ...FILTERS,
    limit: { help: 'at most so many (default: 100)', value: 'n', parse: wholeNumber(1) },
  },
  examples: [
    'acme-clerk webhooks list --status failed',
    'acme-clerk webhooks list --since 24h --json | jq .id',
  ],
  async run({ options, clerk, output, signal }) {
    const { webhooks } = await clerk()
    let listed = 0
    for await (const event of eachEvent(webhooks, options, options.limit ?? PAGE)) {
      if (signal.aborted) break
      listed++
      output.result('event', recordOf(event), lineOf(event, output))
    }
    output.result('summary', { interrupted: signal.aborted, listed })
    output.say(listed === 1 ? '1 event.' : `${listed} events.`)
    return signal.aborted ? 'incomplete' : 'done'
  },
})

export const showWebhook = command({
  path: 'webhooks show',
  summary: 'Shows one event; what it says of a person with --reveal alone.',
  args: '<id>',
  options: { reveal: { help: 'with its body, while it is stored: until the event is done' } },
  examples: ['acme-clerk webhooks show msg_2x…', 'acme-clerk webhooks show msg_2x… --reveal'],
  async run({ options, args: [id = ''], clerk, output }) {
    const event = await (await clerk()).webhooks.show(id, { reveal: options.reveal })
    if (event === null) throw noSuchEvent(id)
    const data = options.reveal ? dataOf(event.body ?? '') : undefined
    const record = { ...recordOf(event), ...(options.reveal && { data }) }
    output.result('event', record, detailsOf(event, data).join('\n'))
    if (options.reveal && data === null) output.say('Its body is gone: the event is finished.')
    return 'done'
  },
})

export const replayWebhooks = command({
  path: 'webhooks replay',
  summary: 'Processes open and failed events once more; handlers that have succeeded are not run again.',
  args: '[id...]',
  options: {
    ...FILTERS,
    status: { ...FILTERS.status, help: 'open or failed', parse: oneOf('open', 'failed') },
    limit: { help: 'at most so many', value: 'n', parse: wholeNumber(1) },
  },
  notes: [
    'The handlers of the application run in this process: acme-clerk.config.ts has to register them.',
    'Events that are done are left. A filter or an id is needed.',
  ],
  examples: ['acme-clerk webhooks replay msg_2x…', 'acme-clerk webhooks replay --status failed --since 7d'],
  run: async (run) => {
    const { webhooks } = await run.clerk()
    return eachOf(run, webhooks, async (id) => {
      const outcome = await webhooks.replay(id)
      if (outcome === null) return { outcome: 'missing', ok: false }
      return { outcome: outcome.kind, ok: outcome.status < 300 }
    })
  },
})

export const discardWebhooks = command({
  path: 'webhooks discard',
  summary: 'Gives open and failed events up for good, and drops their bodies.',
  args: '<id...>',
  options: {},
  examples: ['acme-clerk webhooks discard msg_2x… msg_2y…'],
  run: async (run) => {
    const { webhooks } = await run.clerk()
    return eachOf({ ...run, options: {} }, webhooks, async (id) => {
      const discarded = await webhooks.discard(id)
      return { outcome: discarded ? 'discarded' : 'left', ok: discarded }
    })
  },
})

export const pruneWebhooks = command({
  path: 'webhooks prune',
  summary: 'Removes finished events and entries of the log; never a revocation that still counts.',
  options: {
    'older-than': { help: 'finished longer ago than this (default: 30d)', value: 'time', parse: duration },
  },
  examples: ['acme-clerk webhooks prune', 'acme-clerk webhooks prune --older-than 90d'],
  async run({ options, clerk, output }) {
    const seconds = options['older-than']
    const removed = await (await clerk()).webhooks.prune(
      seconds === undefined ? {} : { olderThanSeconds: seconds },
    )
    output.result('summary', { interrupted: false, removed }, `${removed} events removed.`)
    return 'done'
  },
})

interface Filter {
  readonly status?: EventInfo['status'] | undefined
  readonly type?: string | undefined
  readonly since?: number | undefined
}

/** Newest first. Pages are read as they are needed. */
async function* eachEvent(
  webhooks: Webhooks,
  { status, type, since }: Filter,
  limit: number,
): AsyncGenerator<EventInfo> {
  const filter = {
    ...(status !== undefined && { status }),
    ...(type !== undefined && { type }),
    ...(since !== undefined && { since }),
  }
  let left = limit
  let after: string | null | undefined
  while (left > 0 && after !== null) {
    const { events, next } = await webhooks.list({
      ...filter,
      limit: Math.min(left, PAGE),
      ...(after !== undefined && { after }),
    })
    yield* events
    left -= events.length
    after = next
  }
}

/** The events that are named, or those that the filter finds: oldest first, as Clerk sent them. */
async function eachOf(
  run: Pick<Run, 'args' | 'output' | 'signal'> & {
    readonly options: Filter & { readonly limit?: number | undefined }
  },
  webhooks: Webhooks,
  apply: (id: string) => Promise<{ readonly outcome: string; readonly ok: boolean }>,
): Promise<'done' | 'incomplete'> {
  const { args, options, output, signal } = run
  const ids = args.length > 0 ? args : await idsOf(webhooks, options)
  let failed = 0
  let done = 0
  for (const id of ids) {
    if (signal.aborted) break
    const { outcome, ok } = await apply(id)
    done++
    if (!ok) failed++
    output.result(
      'item',
      { outcome, id },
      `${ok ? output.style.green(outcome) : output.style.yellow(outcome)} ${id}`,
    )
    if (ids.length > 1) output.progress({ done, total: ids.length })
  }
  const interrupted = done < ids.length
  const resume = 'Run the same command again: what is done is not done twice.'
  output.result('summary', { interrupted, done, failed, ...(interrupted && { resume }) })
  output.say(
    interrupted ? `Stopped after ${done} of ${ids.length}. ${resume}` : `${done - failed} of ${done} done.`,
  )
  return interrupted || failed > 0 ? 'incomplete' : 'done'
}

async function idsOf(
  webhooks: Webhooks,
  options: Filter & { readonly limit?: number | undefined },
): Promise<string[]> {
  const { status, type, since, limit = Number.MAX_SAFE_INTEGER } = options
  if (status === undefined && type === undefined && since === undefined)
    throw new CliError('No event is named.', 'Give ids, or a filter: --status failed.')
  const statuses = status === undefined ? (['open', 'failed'] as const) : [status]
  const found: EventInfo[] = []
  for (const one of statuses)
    for await (const event of eachEvent(webhooks, { status: one, type, since }, limit)) found.push(event)
  // Lists are newest first; what has one time stays in the order of its arrival.
  return found
    .reverse()
    .sort((one, other) => one.timestamp - other.timestamp)
    .slice(0, limit)
    .map(({ id }) => id)
}

const noSuchEvent = (id: string) =>
  new CliError(
    `There is no event ${JSON.stringify(id.slice(0, 60))}.`,
    '`acme-clerk webhooks list` shows the ids.',
  )

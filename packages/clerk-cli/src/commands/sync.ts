import type { SyncCounts, SyncedRow, SyncOptions } from '@acme/clerk-core/adapter'
import { CliError } from '../cli-error.js'
import { command, type Outcome, type Run } from '../command.js'
import { moment, text, wholeNumber } from '../parse.js'
import { AGAIN, listCounts } from './again.js'

const WHICH = {
  all: { help: 'every one' },
  id: { help: 'of this id; may be given several times', value: 'id', parse: text, many: true },
  limit: { help: 'at most so many, oldest first', value: 'n', parse: wholeNumber(1) },
  offset: { help: 'leave so many out at the beginning', value: 'n', parse: wholeNumber(0) },
  'dry-run': { help: 'say what would become of each, and write nothing' },
} as const

export const syncUsers = command({
  path: 'sync users',
  summary: 'Reads users from Clerk and applies them to the local rows, linking included.',
  options: {
    ...WHICH,
    email: {
      help: 'with this address; may be given several times',
      value: 'address',
      parse: text,
      many: true,
    },
    'created-after': { help: 'made at Clerk since: 2026-01-31, 24h', value: 'when', parse: moment },
  },
  notes: ['Deletes nothing: see `acme-clerk reconcile`. May run while webhooks arrive, and be run again.'],
  examples: ['acme-clerk sync users --all', 'acme-clerk sync users --created-after 24h --dry-run'],
  async run(run) {
    const { options, clerk } = run
    const createdAfter = options['created-after']
    chosen(options.all, [options.id, options.email, createdAfter, options.limit])
    const { users } = await clerk()
    const { complete, ...counts } = await users.sync({
      ...common(run),
      ...whichOf(options),
      ...(options.email.length > 0 && { email: options.email }),
      ...(createdAfter !== undefined && { createdAfter }),
    })
    return summary(run, complete, { users: counts })
  },
})

export const syncOrganizations = command({
  path: 'sync organizations',
  summary: 'Reads organisations from Clerk and applies them to the local rows.',
  options: {
    ...WHICH,
    members: { help: 'their memberships too, and the roles' },
    invitations: { help: 'their invitations too' },
  },
  notes: ['Deletes nothing: see `acme-clerk reconcile`. May run while webhooks arrive, and be run again.'],
  examples: [
    'acme-clerk sync organizations --all --members --invitations',
    'acme-clerk sync organizations --id org_2x… --members',
  ],
  async run(run) {
    const { options, clerk } = run
    chosen(options.all, [options.id, options.limit])
    const { organizations } = await clerk()
    const { complete, ...counts } = await organizations.sync({
      ...common(run),
      ...whichOf(options),
      members: options.members,
      invitations: options.invitations,
    })
    return summary(run, complete, counts)
  },
})

/** A listing of everything is asked for in so many words. */
function chosen(all: boolean, filters: readonly unknown[]): void {
  const given = filters.some((filter) => (Array.isArray(filter) ? filter.length > 0 : filter !== undefined))
  if (!all && !given)
    throw new CliError('It is not said which ones.', 'Write --all, --id, or another filter.')
}

function whichOf({
  id,
  limit,
  offset,
}: {
  readonly id: readonly string[]
  readonly limit: number | undefined
  readonly offset: number | undefined
}) {
  return {
    ...(id.length > 0 && { id }),
    ...(limit !== undefined && { limit }),
    ...(offset !== undefined && { offset }),
  }
}

type SyncRun = Pick<Run, 'output' | 'signal'> & { readonly options: { readonly 'dry-run': boolean } }

/** What people have to look at. What is created or updated in thousands is counted; programs get it row by row. */
const REMARKABLE: ReadonlySet<SyncedRow['outcome']> = new Set(['linked', 'missing', 'failed'])
/** Counted alone, for programs too. */
const UNREMARKABLE: ReadonlySet<SyncedRow['outcome']> = new Set(['unchanged', 'stale'])

const common = ({ output, signal, options }: SyncRun): SyncOptions => ({
  signal,
  dryRun: options['dry-run'],
  onProgress: (progress) => output.progress(progress),
  onRow: ({ kind, id, outcome, error }) => {
    if (UNREMARKABLE.has(outcome)) return
    const paint = outcome === 'linked' ? output.style.green : output.style.yellow
    const told = `${paint(outcome)} ${kind} ${id}${error === null ? '' : ` (${error})`}`
    output.result('item', { outcome, kind, id, error }, REMARKABLE.has(outcome) ? told : undefined)
  },
})

function summary(
  { output, options }: SyncRun,
  complete: boolean,
  counts: Readonly<Record<string, SyncCounts>>,
): Outcome {
  const dryRun = options['dry-run']
  const touched = Object.entries(counts).filter(([, of]) => Object.values(of).some((count) => count > 0))
  const told = touched.map(([name, of]) => `${name}: ${listCounts(of)}`)
  output.result(
    'summary',
    { interrupted: !complete, dryRun, ...counts, ...(!complete && { resume: AGAIN }) },
    told.length === 0 ? (complete ? 'Clerk has none of these.' : 'Nothing was applied.') : told.join('\n'),
  )
  if (dryRun) output.say('Nothing was written.')
  if (!complete) output.say(`Stopped. ${AGAIN}`)
  const left = Object.values(counts).some(({ failed, missing }) => failed + missing > 0)
  return complete && !left ? 'done' : 'incomplete'
}

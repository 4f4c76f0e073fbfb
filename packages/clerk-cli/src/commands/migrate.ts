import type { MigrationOutcome, MigrationSource } from '@acme/clerk-core/adapter'
import { CliError } from '../cli-error.js'
import { command, type Outcome, type Run } from '../command.js'
import { openLog, readLog } from '../migration/outcome-log.js'
import { explained, FORMATS, openRows } from '../migration/read-rows.js'
import type { Output } from '../output/output.js'
import { oneOf, text, wholeNumber } from '../parse.js'
import { listCounts } from './again.js'

const format = oneOf(...FORMATS)

export const migrateUsers = command({
  path: 'migrate users',
  summary: 'Creates users at Clerk, with their password digests and external ids.',
  options: {
    from: { help: 'CSV, JSON or NDJSON; - is standard input', value: 'file', parse: text },
    format: { help: 'csv, json or ndjson (default: by the name)', value: 'format', parse: format },
    'dry-run': { help: 'validate every row, ask which users exist, create none' },
    'skip-existing': { help: 'a user whom Clerk has is no failure' },
    log: { help: 'outcome of every row (default: migration-<time>.ndjson)', value: 'file', parse: text },
    resume: { help: 'go on after a run, by its log, and add to it', value: 'log', parse: text },
    concurrency: { help: 'users created at a time (default: 4)', value: 'n', parse: wholeNumber(1) },
  },
  notes: [
    "Columns are called as Clerk's Backend API names its fields: email_address, external_id, password_digest, … Without",
    '--from the rows come from `migrate.users()` of the configuration. Invalid rows are shown by line; the others go on.',
  ],
  examples: [
    'acme-clerk migrate users --from users.csv --dry-run',
    'acme-clerk migrate users --from users.csv --resume migration-20260131T120000Z.ndjson',
  ],
  async run(run) {
    const { options, clerk, output, signal, cwd } = run
    if (options.resume !== undefined && options.log !== undefined)
      throw new CliError(
        '--resume and --log exclude each other.',
        'A resumed run adds to the log that it resumes.',
      )
    const source = await sourceOf(run, options)
    const { users } = await clerk()
    const dryRun = options['dry-run']
    const before = options.resume === undefined ? undefined : readLog(cwd, options.resume)
    const log = dryRun ? null : openLog(cwd, options.resume ?? options.log ?? defaultLog())
    const counts: Counts = { created: 0, exists: 0, resumed: 0, valid: 0, invalid: 0, failed: 0 }
    try {
      const outcomes = users.migrate(source, {
        signal,
        dryRun,
        skipExisting: options['skip-existing'],
        onProgress: (progress) => output.progress(progress),
        ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
        ...(before !== undefined && { resume: before }),
      })
      for await (const raw of outcomes) {
        const outcome = explained(raw)
        log?.write(outcome)
        counts[outcome.outcome]++
        showOutcome(outcome, output)
      }
    } catch (error) {
      if (log !== null) output.say(`To go on: ${resumeBy(options, log.name)}`)
      throw error
    } finally {
      log?.close()
    }
    return summary(run, counts, { log: log?.name ?? null, dryRun, again: resumeBy(options, log?.name) })
  },
})

type Counts = Record<MigrationOutcome['outcome'], number>

interface Given {
  readonly from: string | undefined
  readonly format: (typeof FORMATS)[number] | undefined
}

async function sourceOf(
  { config, stdin, cwd }: Pick<Run, 'config' | 'stdin' | 'cwd'>,
  given: Given,
): Promise<MigrationSource> {
  if (given.from !== undefined) return openRows({ from: given.from, format: given.format, cwd, stdin })
  const { migrate } = await config()
  if (migrate !== undefined) return () => migrate.users()
  throw new CliError(
    'There are no rows to migrate.',
    'Name a file with --from, or add migrate: { users: () => rows } to the configuration.',
  )
}

/** What people see of a row: nothing of one that went well. */
function showOutcome(outcome: MigrationOutcome, output: Output): void {
  const { line, outcome: what, problems, codes, userId } = outcome
  const why = [...problems.map(({ field, message }) => `${field} ${message}`.trim()), ...codes].join('; ')
  const told =
    what === 'invalid' || what === 'failed' ? `${output.style.red(what)} line ${line}: ${why}` : undefined
  output.result('item', { outcome: what, line, userId, matchedBy: outcome.matchedBy, problems, codes }, told)
}

function summary(
  { output, signal }: Pick<Run, 'output' | 'signal'>,
  counts: Readonly<Counts>,
  { log, dryRun, again }: { readonly log: string | null; readonly dryRun: boolean; readonly again: string },
): Outcome {
  const interrupted = signal.aborted
  output.result(
    'summary',
    { interrupted, dryRun, ...counts, ...(log !== null && { log }), ...(interrupted && { resume: again }) },
    `${listCounts(counts)}.`,
  )
  if (log !== null) output.say(`Every row is in ${log}.`)
  if (dryRun) output.say('No user was created.')
  if (interrupted) output.say(`Stopped. To go on: ${again}`)
  return interrupted || counts.invalid + counts.failed > 0 ? 'incomplete' : 'done'
}

const defaultLog = () => `migration-${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}.ndjson`

function resumeBy({ from }: Given, log: string | undefined): string {
  const named = from === undefined ? '' : ` --from ${from}`
  return `acme-clerk migrate users${named}${log === undefined ? '' : ` --resume ${log}`}`
}

import type { Drift, DriftCounts } from '@acme/clerk-core/adapter'
import { command, type Outcome, type Run } from '../command.js'
import type { Output } from '../output/output.js'
import { AGAIN, listCounts } from './again.js'

/** Why a row that is gone at Clerk was left, for people. */
const LEFT: Readonly<Record<NonNullable<Drift['leftBecause']>, string>> = {
  'too-many-missing': 'more than a tenth would go: look at the list, then add --force',
  'other-instance': 'the secret key is of another instance',
  'instance-not-proven': 'it is not known whose the secret key is',
}

export const reconcile = command({
  path: 'reconcile',
  summary: 'Compares the local rows with complete listings of Clerk, both ways.',
  options: {
    users: { help: 'users' },
    organizations: { help: 'organisations' },
    memberships: { help: 'memberships and roles, and the organisations they are of' },
    repair: { help: 'write what was found' },
    force: { help: 'with --repair: end rows however many of them Clerk lacks' },
  },
  notes: [
    'Without --users, --organizations or --memberships all of them. Changes nothing without --repair. Finds what is missing',
    'here, what is gone at Clerk, and fields that differ: names of fields are shown, never values. Exit code 1 when',
    'something differs and was not repaired.',
  ],
  examples: ['acme-clerk reconcile', 'acme-clerk reconcile --users --repair'],
  async run(run) {
    const { options, clerk, output, signal } = run
    const everything = !options.users && !options.organizations && !options.memberships
    const { users, organizations } = await clerk()
    const shared = {
      signal,
      repair: options.repair,
      force: options.force,
      onDrift: (drift: Drift) => showDrift(drift, output),
    }
    const counts: Record<string, DriftCounts> = {}
    let complete = true
    if (everything || options.users) {
      const { complete: whole, ...found } = await users.reconcile({ ...shared, ...progressOf(run) })
      Object.assign(counts, { users: found })
      complete &&= whole
    }
    if (complete && (everything || options.organizations || options.memberships)) {
      const memberships = everything || options.memberships
      const { complete: whole, ...found } = await organizations.reconcile({
        ...shared,
        ...progressOf(run),
        memberships,
      })
      const { organizations: own, ...others } = found
      Object.assign(counts, { organizations: own }, memberships ? others : {})
      complete &&= whole
    }
    return summary(run, counts, complete, options.repair)
  },
})

/** Each of the comparisons has a bar of its own. */
const progressOf = ({ output }: Pick<Run, 'output'>) => {
  output.end()
  return { onProgress: (progress: { done: number; total: number | null }) => output.progress(progress) }
}

function showDrift(drift: Drift, output: Output): void {
  const { kind, id, fields, repaired, leftBecause } = drift
  const { green, yellow, dim } = output.style
  const where = fields.length === 0 ? '' : `: ${fields.join(', ')}`
  const left = leftBecause === null ? '' : ` ${dim(`left, since ${LEFT[leftBecause]}`)}`
  const { drift: what, ...rest } = drift
  output.result(
    'item',
    { outcome: what, ...rest },
    `${yellow(what)} ${kind} ${id}${where}${repaired ? ` ${green('repaired')}` : ''}${left}`,
  )
}

function summary(
  { output }: Pick<Run, 'output'>,
  counts: Readonly<Record<string, DriftCounts>>,
  complete: boolean,
  repair: boolean,
): Outcome {
  const lines = Object.entries(counts).map(([name, of]) => `${name}: ${listCounts(wordsOf(of))}`)
  output.result(
    'summary',
    { interrupted: !complete, repair, ...counts, ...(!complete && { resume: AGAIN }) },
    lines.join('\n'),
  )
  if (!complete) output.say(`Stopped. ${AGAIN}`)
  const open = Object.values(counts).reduce((sum, of) => sum + differences(of) - of.repaired, 0)
  if (complete && open > 0 && !repair) output.say('Nothing was changed. Add --repair to write it.')
  return complete && open === 0 ? 'done' : 'incomplete'
}

const differences = ({ missingHere, goneAtClerk, different, deletedHere }: DriftCounts) =>
  missingHere + goneAtClerk + different + deletedHere

const wordsOf = (of: DriftCounts) => ({
  compared: of.compared,
  'missing here': of.missingHere,
  'gone at Clerk': of.goneAtClerk,
  different: of.different,
  'deleted here': of.deletedHere,
  repaired: of.repaired,
  left: of.left,
})

import { command } from '../command.js'
import type { ConfiguredClerk } from '../config/define-config.js'
import { failuresOf } from '../output/failure.js'
import type { Output } from '../output/output.js'
import type { Records } from '../output/records.js'

type Finding = Records['finding']

export const doctor = command({
  path: 'doctor',
  summary: 'Checks everything that can be wrong, and says what to do.',
  options: {},
  notes: [
    'What `clerk.check()` finds: configuration, keys, network, schema, indexes, clocks, open and failed events, the log.',
    'Exit code 1 for an error; warnings alone are 0.',
    'Run it with the variables of production to see what production would meet.',
  ],
  examples: ['acme-clerk doctor', 'NODE_ENV=production acme-clerk doctor --env-file .env.production --json'],
  async run({ clerk, output }) {
    output.hideLog()
    const findings = await findingsOf(clerk)
    for (const finding of findings) show(finding, output)
    const errors = findings.filter(({ severity }) => severity === 'error').length
    const warnings = findings.length - errors
    output.result(
      'summary',
      { interrupted: false, errors, warnings },
      findings.length === 0
        ? output.style.green('Nothing is wrong.')
        : `${count(errors, 'error')}, ${count(warnings, 'warning')}.`,
    )
    return errors === 0 ? 'done' : 'incomplete'
  },
})

/** Errors first. A configuration that cannot be used is what `doctor` is there to tell, not a failure of it. */
async function findingsOf(open: () => Promise<ConfiguredClerk>): Promise<readonly Finding[]> {
  let clerk: ConfiguredClerk
  try {
    clerk = await open()
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'configuration') throw error
    return failuresOf(error).map((failure) => ({ severity: 'error', ...failure }))
  }
  const found = await clerk.check()
  return found.toSorted((one, other) => one.severity.localeCompare(other.severity))
}

function show({ severity, code, message, remedy }: Finding, output: Output): void {
  const { red, yellow, dim } = output.style
  const mark = severity === 'error' ? red('error  ') : yellow('warning')
  const record = { severity, code, message, remedy }
  output.result(
    'finding',
    record,
    `${mark} ${message} ${dim(code)}\n        ${remedy.replaceAll('\n', '\n        ')}`,
  )
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

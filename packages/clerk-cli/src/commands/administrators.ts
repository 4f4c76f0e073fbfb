import { CliError } from '../cli-error.js'
import { command, type Run } from '../command.js'
import { askPassword, askText, firstLine } from '../input.js'
import { text } from '../parse.js'

const SHORTEST = 8

export const createAdministrator = command({
  path: 'administrators create',
  summary: 'Creates a local user with an own login, by the function of the configuration.',
  options: { email: { help: 'address of the new administrator', value: 'address', parse: text } },
  notes: [
    'Calls `administrators.create({ email, password })` of acme-clerk.config.ts. The password is asked for and not shown,',
    'or read from the first line of standard input; no option takes it, since every user of a machine sees its processes.',
  ],
  examples: [
    'acme-clerk administrators create --email ada@example.com',
    'pass show shop/admin | acme-clerk administrators create --email ada@example.com',
  ],
  async run({ options, config, interactive, stdin, output }) {
    const { administrators } = await config()
    if (administrators === undefined)
      throw new CliError(
        'The configuration has no function that creates an administrator.',
        'Add administrators: { create: ({ email, password }) => … } to it.',
      )
    const email = options.email ?? (await emailFrom({ interactive }))
    refuse(problemOfEmail(email))
    const password = interactive ? await askTwice() : await piped(stdin)
    refuse(problemOfPassword(password))
    const made = await administrators.create({ email, password })
    const id = typeof made === 'string' || typeof made === 'number' ? made : null
    output.result(
      'item',
      { outcome: 'created', id },
      `The administrator was created${id === null ? '' : `: ${id}`}.`,
    )
    return 'done'
  },
})

async function emailFrom({ interactive }: Pick<Run, 'interactive'>): Promise<string> {
  if (interactive) return askText('E-mail address', problemOfEmail)
  throw new CliError('No address is given.', 'Give it with --email.')
}

/** @throws {CliError} on a terminal, which would show it, and where nothing comes */
async function piped(stdin: Run['stdin']): Promise<string> {
  if (stdin.isTTY === true)
    throw new CliError(
      'The password cannot be asked for without showing it.',
      'Leave --json away, keep standard error on the terminal, or pipe the password in.',
    )
  const password = await firstLine(stdin)
  if (password !== '') return password
  throw new CliError(
    'No password is given.',
    'Run the command on a terminal, which asks for it, or pipe it in: pass show shop/admin | acme-clerk administrators create …',
  )
}

async function askTwice(): Promise<string> {
  const password = await askPassword('Password', problemOfPassword)
  await askPassword('Password, once more', (again) =>
    again === password ? undefined : 'It is not the same. Type it again.',
  )
  return password
}

const problemOfEmail = (email: string) =>
  /^[^\s@]+@[^\s@]+$/.test(email) ? undefined : 'It is not an e-mail address.'

const problemOfPassword = (password: string) =>
  password.length >= SHORTEST ? undefined : `A password has at least ${SHORTEST} characters.`

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new CliError(problem, 'Run the command again with another one.')
}

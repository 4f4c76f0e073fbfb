import { CommanderError } from 'commander'
import { CliError } from '../cli-error.js'
import { scrub } from './scrub.js'

/** An error as it is shown. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

interface Known {
  readonly code?: unknown
  readonly message: string
  readonly remedy?: unknown
  readonly status?: unknown
  readonly problems?: readonly {
    readonly option: string
    readonly message: string
    readonly remedy: string
  }[]
}

type Describe = (error: Known) => readonly Omit<Failure, 'code'>[]

const CLERK_REMEDIES: readonly (readonly [(status: number) => boolean, string])[] = [
  [
    (status) => status === 401 || status === 403,
    'Check CLERK_SECRET_KEY: it has to be a key of this Clerk instance.',
  ],
  [
    (status) => status === 429,
    'Another process uses up the limit of the key: run the command again later, or give each its part of it with the option api.share.',
  ],
  [
    (status) => status === 0 || status >= 500,
    'Check the network and https://status.clerk.com, and run the command again: what is done is not done twice.',
  ],
  [() => true, 'Run the command again with --debug.'],
]

/** By the `code` of the error classes of core, which stays the same when an application has a copy of core of its own. */
const KNOWN: Readonly<Record<string, Describe>> = {
  configuration: ({ problems = [] }) =>
    problems.map(({ option, message, remedy }) => ({ message: `${option}: ${message}`, remedy })),
  'clerk-api': ({ message, status }) => [
    {
      message,
      remedy: CLERK_REMEDIES.find(([applies]) => applies(Number(status)))?.[1] ?? '',
    },
  ],
  'store-unavailable': ({ message }) => [
    {
      message,
      remedy: 'Check that the database runs and that its address is right, and run the command again.',
    },
  ],
  'store-fault': ({ message, remedy }) => {
    const told = typeof remedy === 'string' ? remedy : ''
    return [{ message: message.replace(told, '').trim(), remedy: told }]
  },
  'store-input': ({ message }) => [{ message, remedy: 'Correct what was given, and run the command again.' }],
}

/** What is shown of an error: for each problem a sentence and a remedy, without secrets. */
export function failuresOf(error: unknown): readonly Failure[] {
  return describe(error).map(({ code, message, remedy }) => ({
    code,
    message: scrub(message),
    remedy: scrub(remedy),
  }))
}

function describe(error: unknown): readonly Failure[] {
  if (error instanceof CliError) return [{ code: 'usage', message: error.message, remedy: error.remedy }]
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '')
    return [
      {
        code: 'usage',
        message: `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\n\(/, ' (').replace(/\.?$/, '.')}`,
        remedy: 'Run the command with --help.',
      },
    ]
  }
  if (!(error instanceof Error))
    return [
      {
        code: 'unknown',
        message: 'The command failed with what is no error.',
        remedy: 'Run it again with --debug.',
      },
    ]
  const known = error as Known
  const code = typeof known.code === 'string' && Object.hasOwn(KNOWN, known.code) ? known.code : undefined
  const told = code === undefined ? [] : (KNOWN[code]?.(known) ?? [])
  if (code !== undefined && told.length > 0) return told.map((failure) => ({ code, ...failure }))
  const [first = ''] = error.message.split('\n')
  return [
    {
      code: 'unknown',
      message: `${error.name}: ${first}`,
      remedy: 'Run the command again with --debug to see where it comes from.',
    },
  ]
}

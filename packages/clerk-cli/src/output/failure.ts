import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
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
  readonly stack?: unknown
  readonly fault?: unknown
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
    'Check the network, CLERK_API_URL where it is set, and https://status.clerk.com, and run the command again: what is done is not done twice.',
  ],
  [() => true, 'Run the command again with --debug.'],
]

const notFound: Describe = (error) => [
  {
    message: `${firstLine(error)}${placeOf(error)}.`,
    remedy: 'Correct the import, or install the package that has it.',
  },
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
  'store-fault': ({ message, remedy, fault }) => {
    const told = typeof remedy === 'string' ? remedy : ''
    const more = fault === 'missing' ? ' `acme-clerk doctor` shows its statements.' : ''
    return [{ message: message.replace(told, '').trim(), remedy: `${told}${more}` }]
  },
  MODULE_NOT_FOUND: notFound,
  ERR_MODULE_NOT_FOUND: notFound,
  ERR_PACKAGE_PATH_NOT_EXPORTED: notFound,
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
        remedy:
          error.code === 'commander.unknownCommand'
            ? '`acme-clerk --help` lists the commands.'
            : 'Run the command with --help.',
      },
    ]
  }
  if (!(error instanceof Error))
    return [
      {
        code: 'unknown',
        message: `What was thrown is no error: ${String(error).slice(0, 200)}`,
        remedy: 'Throw an Error there: it says where it comes from.',
      },
    ]
  const known = error as Known
  const code = typeof known.code === 'string' && Object.hasOwn(KNOWN, known.code) ? known.code : undefined
  const told = code === undefined ? [] : (KNOWN[code]?.(known) ?? [])
  if (code !== undefined && told.length > 0) return told.map((failure) => ({ code, ...failure }))
  const first = firstLine(known)
  const named = /^\w*Error: /.test(first) ? first : `${error.name}: ${first}`
  return [
    {
      code: 'unknown',
      message: `${named}${placeOf(known)}`,
      remedy: 'Run the command again with --debug to see where it comes from.',
    },
  ]
}

const firstLine = ({ message }: Known): string => (message.split('\n')[0] ?? '').trim()

/** This package itself: what goes wrong there is no mistake of the application's. */
const OWN = fileURLToPath(new URL('../', import.meta.url))
const PLACE = /((?:[A-Za-z]:)?[\\/][^\s():]+\.[cm]?[jt]sx?):(\d+)/g

/** The line of the application's own code at which it happened, from the folder on; nothing where it is not told. */
function placeOf({ message, stack }: Known): string {
  const told = `${message}\n${String(stack)}`.replaceAll('file://', '')
  for (const [, file = '', line] of told.matchAll(PLACE))
    if (!file.includes('node_modules') && !file.startsWith(OWN))
      return ` (${relative(process.cwd(), file)}:${line})`
  return ''
}

import { parseArgs } from 'node:util'
import { EXAMPLES, type ExampleName } from './examples.js'
import { Problem } from './problem.js'

export interface DemoOptions {
  readonly example: ExampleName
  readonly port: number
  /** Talk to Clerk itself, with the keys in the environment. */
  readonly real: boolean
  readonly open: boolean
  /** Read first; keys in it mean the real Clerk. */
  readonly envFile: string | null
  readonly help: boolean
}

const DEFAULT_PORT = 4000

export const USAGE = `Usage: npx --yes pnpm@12 demo [options]

  --example NAME   ${Object.keys(EXAMPLES).join(', ')} (default: express-prisma)
  --port PORT      where to listen, on this machine only (default: ${DEFAULT_PORT})
  --real           use Clerk itself, with CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY
  --env-file FILE  read variables from a file first; Clerk keys in it mean --real
  --open           open the page in the browser
`

/** @throws {Problem} for an option that is not understood */
export function readOptions(args: readonly string[]): DemoOptions {
  const { values } = parse(args.filter((arg) => arg !== '--'))
  const { example, port, real, open, help } = values
  if (!isExample(example))
    throw new Problem(
      `There is no example "${example}".`,
      `Choose one of ${Object.keys(EXAMPLES).join(', ')}.`,
    )
  const number = Number(port)
  if (!/^\d{1,5}$/.test(port) || number > 65_535)
    throw new Problem(`"${port}" is not a port.`, 'Give a number up to 65535; 0 takes any free one.')
  return { example, port: number, real, open, help, envFile: values['env-file'] ?? null }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        example: { type: 'string', default: 'express-prisma' },
        port: { type: 'string', default: String(DEFAULT_PORT) },
        real: { type: 'boolean', default: false },
        open: { type: 'boolean', default: false },
        'env-file': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    const [message = ''] = error instanceof Error ? error.message.split('. ') : []
    throw new Problem(`${message.replace(/\.$/, '')}.`, 'See npx --yes pnpm@12 demo --help.')
  }
}

function isExample(name: string): name is ExampleName {
  return Object.hasOwn(EXAMPLES, name)
}

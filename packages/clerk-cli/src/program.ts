import { once } from 'node:events'
import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import { Command as Commander, Option } from 'commander'
import { CliError } from './cli-error.js'
import type { Command, Options, Outcome, Run } from './command.js'
import { COMMANDS, GROUPS } from './commands/table.js'
import type { CliConfig, ConfiguredClerk } from './config/define-config.js'
import { loadConfig, loadEnv } from './config/load-config.js'
import { createOutput, type Output, type Stream } from './output/output.js'

/** What the program has of the process, so that tests need none. */
export interface Host {
  readonly stdout: Stream
  readonly stderr: Stream
  readonly stdin: Run['stdin']
  readonly cwd: string
  readonly signal: AbortSignal
  /** In place of the file. */
  readonly config?: CliConfig
}

export const EXIT = { done: 0, incomplete: 1, failed: 2 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Options that every command has. The help of the root explains them, that of a command names them. */
const COMMON: readonly (readonly [string, string])[] = [
  ['--config <file>', 'configuration (default: acme-clerk.config.ts, .mts, .js or .mjs)'],
  ['--env-file <file>', 'variables (default: .env, where there is one); those that are set stay'],
  ['--json', 'one JSON object a line on standard output, for programs'],
  ['--quiet', 'results and errors alone'],
  ['--debug', 'the stack of an error'],
]

const ALSO = `Also: ${COMMON.map(([flags]) => flags).join(', ')}`
const EVERYWHERE = [
  'Options of every command:',
  ...COMMON.map(([flags, help]) => `  ${flags.padEnd(18)}  ${help}`),
].join('\n')
const EXIT_CODES = 'Exit codes: 0 done, 1 it ran and something is left or wrong, 2 it could not run.'

/** Runs one command line. Never throws. */
export async function runProgram(argv: readonly string[], host: Host): Promise<ExitCode> {
  const given = (flag: string) => argv.includes(flag)
  const output = createOutput({
    ...host,
    json: given('--json'),
    quiet: given('--quiet'),
    debug: given('--debug'),
  })
  let code: ExitCode = EXIT.done
  const program = build(host, output, async (outcome) => {
    code = EXIT[await outcome]
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    output.end()
    // Commander throws for what it has printed as well: `--help`, `--version`, and the help where no command was named.
    const { exitCode, code } = error as { readonly exitCode?: unknown; readonly code?: unknown }
    if (exitCode === 0) return EXIT.done
    if (code === 'commander.help') return EXIT.failed
    output.fail(error)
    return EXIT.failed
  }
  output.end()
  return code
}

function build(host: Host, output: Output, finish: (outcome: Promise<Outcome>) => Promise<void>): Commander {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  const root = configured(new Commander('acme-clerk'), host)
    .description('Sets up, checks and synchronises Clerk in your backend.')
    .version(version)
    .enablePositionalOptions()
    .addHelpText(
      'after',
      `\n${EVERYWHERE}\n\n${EXIT_CODES}\nGuide: https://github.com/acme/clerk/blob/main/docs/cli.md`,
    )
  const groups = new Map<string, Commander>()
  const groupOf = (name: string): Commander => {
    const group = groups.get(name) ?? configured(root.command(name), host).description(GROUPS[name] ?? '')
    groups.set(name, group)
    return group
  }
  for (const entry of COMMANDS) {
    const [first = '', second] = entry.path.split(' ')
    const parent = second === undefined ? root : groupOf(first)
    add(parent, second ?? first, entry, host, (options, args) =>
      finish(execute(entry, { options, args, host, output })),
    )
  }
  return root
}

/** What Commander prints goes where the output goes; errors are told by the output. */
function configured(commander: Commander, host: Host): Commander {
  return commander
    .exitOverride()
    .helpCommand(false)
    .showHelpAfterError(false)
    .configureHelp({ helpWidth: Math.min(host.stdout.columns || 100, 120) })
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      outputError: () => {},
    })
}

function add(
  parent: Commander,
  name: string,
  entry: Command,
  host: Host,
  run: (options: Record<string, unknown>, args: string[]) => Promise<void>,
): void {
  const made = configured(parent.command(name), host).description(entry.summary)
  if (entry.args !== undefined) made.arguments(entry.args)
  if (entry.passThrough) made.allowUnknownOption().passThroughOptions()
  for (const [flag, option] of Object.entries(entry.options)) {
    const declared = new Option('value' in option ? `--${flag} <${option.value}>` : `--${flag}`, option.help)
    if ('parse' in option)
      declared.argParser<unknown>((text, before) =>
        option.many
          ? [...((before as unknown[] | undefined) ?? []), option.parse(text, flag)]
          : option.parse(text, flag),
      )
    made.addOption(declared)
  }
  if (!entry.passThrough)
    for (const [flags, help] of COMMON) made.addOption(new Option(flags, help).hideHelp())
  made.addHelpText('after', help(entry))
  made.action(() => run(made.opts(), made.args))
}

const help = ({ notes = [], examples, passThrough }: Command) =>
  [
    ...(passThrough ? [] : ['', ALSO]),
    ...(notes.length > 0 ? ['', ...notes] : []),
    '',
    'Examples:',
    ...examples.map((line) => `  $ ${line}`),
  ].join('\n')

async function execute(
  entry: Command,
  parts: {
    readonly options: Record<string, unknown>
    readonly args: readonly string[]
    readonly host: Host
    readonly output: Output
  },
): Promise<Outcome> {
  const { options, args, host, output } = parts
  const name = (option: unknown) => (typeof option === 'string' ? option : undefined)
  let config: Promise<CliConfig> | undefined
  let clerk: Promise<ConfiguredClerk> | undefined
  const before = globalThis.console
  if (!entry.passThrough) globalThis.console = output.console
  const run: Run = {
    options: valuesOf(entry.options, options),
    args,
    output,
    signal: host.signal,
    cwd: host.cwd,
    stdin: host.stdin,
    interactive: host.stdin.isTTY === true && host.stderr.isTTY === true && !output.json,
    config() {
      config ??= (async () => {
        if (host.config !== undefined) return host.config
        loadEnv(host.cwd, name(options['envFile']))
        return loadConfig(host.cwd, name(options['config']))
      })()
      return config
    },
    clerk() {
      clerk ??= (async () => checked(await (await run.config()).clerk()))()
      return clerk
    },
  }
  try {
    return await entry.run(run)
  } finally {
    await closeAll(config, clerk, host.signal, output)
    globalThis.console = before
  }
}

/** The command has finished what was in hand: after Ctrl-C only requests are left whose answers no code reads. */
const STOPPED_MS = 1_000

/** Waits for it; once the signal is aborted a second at most. */
async function unlessStopped(closing: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const closed = new AbortController()
  const stopped = async () => {
    if (!signal.aborted) await once(signal, 'abort', { signal: closed.signal })
    await setTimeout(STOPPED_MS, undefined, { signal: closed.signal })
  }
  try {
    await Promise.race([closing, stopped()])
  } finally {
    closed.abort()
  }
}

/** @throws {CliError} for what is none: a default import that the module does not have, a clerk that is made later */
function checked(clerk: ConfiguredClerk): ConfiguredClerk {
  const made: Partial<ConfiguredClerk> | undefined = clerk
  if (typeof made?.check === 'function' && typeof made.close === 'function') return clerk
  throw new CliError(
    '`clerk` of the configuration gives no clerk.',
    'Let the function return what createClerk() made: clerk: () => clerk',
  )
}

/** Commander's names are in camel case; the table's are what is typed. */
function valuesOf(declared: Options, given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(declared).map(([flag, option]) => {
      const value = given[flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
      return [flag, value ?? ('parse' in option ? (option.many ? [] : undefined) : false)]
    }),
  )
}

/** A command that failed to open them has told why; what fails while closing is told, and changes no outcome. */
async function closeAll(
  config: Promise<CliConfig> | undefined,
  clerk: Promise<ConfiguredClerk> | undefined,
  signal: AbortSignal,
  output: Output,
): Promise<void> {
  const opened = await clerk?.catch(() => undefined)
  const loaded = await config?.catch(() => undefined)
  for (const close of [() => opened?.close(), () => loaded?.close?.()]) {
    try {
      await unlessStopped(Promise.resolve(close()), signal)
    } catch (error) {
      output.fail(error)
    }
  }
}

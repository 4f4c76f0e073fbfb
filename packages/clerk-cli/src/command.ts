import type { CliConfig, ConfiguredClerk } from './config/define-config.js'
import type { Output } from './output/output.js'

/** `true` when it is given. */
export interface SwitchOption {
  readonly help: string
}

/** Has a value. `many`: may be given several times. */
export interface ValueOption<T = unknown> {
  readonly help: string
  /** How the value is called in the help. */
  readonly value: string
  /** @throws {CliError} for a value that is none */
  readonly parse: (text: string, name: string) => T
  readonly many?: boolean
}

export type Options = Readonly<Record<string, SwitchOption | ValueOption>>

/** What the options of a command are at run time, by their names. */
export type ValuesOf<O extends Options> = string extends keyof O
  ? Readonly<Record<string, unknown>>
  : {
      readonly [K in keyof O]: O[K] extends { readonly parse: (...args: never[]) => infer T }
        ? O[K] extends { readonly many: true }
          ? readonly T[]
          : T | undefined
        : boolean
    }

/** What a command works with. */
export interface Run<O extends Options = Options> {
  readonly options: ValuesOf<O>
  readonly args: readonly string[]
  readonly output: Output
  /** Aborted by the first Ctrl-C: the row in hand is finished. */
  readonly signal: AbortSignal
  readonly cwd: string
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  /** Whether questions can be asked. */
  readonly interactive: boolean
  /** Loads `acme-clerk.config.ts`, once. */
  config(): Promise<CliConfig>
  /** The clerk of the configuration, made once and closed at the end. */
  clerk(): Promise<ConfiguredClerk>
}

/** `done`: 0. `incomplete`: 1, it ran and found, refused or left something. What is thrown is 2. */
export type Outcome = 'done' | 'incomplete'

/** One command, as the table of commands has it. */
export interface Command<O extends Options = Options> {
  /** `sync users` */
  readonly path: string
  readonly summary: string
  /** `<id>`, `[id...]` */
  readonly args?: string
  readonly options: O
  /** Further lines of the help. */
  readonly notes?: readonly string[]
  readonly examples: readonly string[]
  /** Everything after the name is handed on, options too. */
  readonly passThrough?: boolean
  run(run: Run<O>): Promise<Outcome>
}

/** Gives `run` the types of its options. */
export function command<const O extends Options>(entry: Command<O>): Command {
  return entry as unknown as Command
}

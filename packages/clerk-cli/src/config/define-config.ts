import type { Clerk, MigrationRow } from '@acme/clerk-core'

/** What the commands need of a `Clerk`, whatever the row types of its stores are. */
export type ConfiguredClerk = Pick<Clerk, 'users' | 'organizations' | 'webhooks' | 'api' | 'check' | 'close'>

/** What `acme-clerk.config.ts` exports by default. */
export interface CliConfig {
  /** The clerk of the application. Called once, by the commands that need it. */
  readonly clerk: () => ConfiguredClerk | Promise<ConfiguredClerk>
  /** Called at the end, after `clerk.close()`: closes what the clerk was made of, the database for instance. */
  readonly close?: () => unknown
  /** Local users with an own login, for `administrators create`. */
  readonly administrators?: {
    /** Creates one. A string or a number that it returns is shown as the id; what it throws is shown as the reason. */
    create(input: { readonly email: string; readonly password: string }): unknown
  }
  /** Where `migrate users` reads from without `--from`: a table of the application. */
  readonly migrate?: {
    /** Called for each of the two passes: all rows are validated first, and created then. */
    users(): MigrationRows | Promise<MigrationRows>
  }
}

type MigrationRows = Iterable<MigrationRow> | AsyncIterable<MigrationRow>

/** Gives the configuration its type. */
export function defineConfig(config: CliConfig): CliConfig {
  return config
}

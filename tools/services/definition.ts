import type { Account } from './processes.js'

export type ServerName = 'postgres' | 'mariadb' | 'mongodb'
/** A program that each user starts for itself. */
export type ProgramName = 'chromium' | 'nginx' | 'redis'
export type ServiceName = ServerName | ProgramName

/** Where a server is to run: a folder of its own (owned by `account`), a free port on 127.0.0.1. */
export interface Place {
  folder: string
  port: number
  /** The unprivileged account to run as when we are root; `undefined`: as ourselves. */
  account: Account | undefined
}

/** A server ready to be spawned. */
export interface Launch {
  command: string
  args: string[]
  env?: Record<string, string>
  stopSignal: 'SIGINT' | 'SIGTERM'
  url: string
}

/** Prepares a fresh data folder and says how to start the server on it. */
export type Boot = (place: Place) => Promise<Launch>

export interface ServerDefinition {
  name: ServerName
  /** A URL in this environment variable is used as it is, and nothing is started. */
  variable: string
  /** It refuses to run as root: the accounts to run it as instead, first that exists. Empty: it runs as ourselves. */
  accounts: readonly string[]
  /** One line that says how to install it. */
  remedy: string
  /** From what is on this machine. `null`: not there. */
  find(): Promise<Boot | null>
  /** Whether {@link install} could work here. */
  installable(): Promise<boolean>
  install(): Promise<Boot | null>
}

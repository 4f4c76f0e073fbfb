/** What `logger` takes: pino, `app.log` of Fastify, or any four methods that take fields first and then a sentence. */
export interface ClerkLogger {
  debug(fields: LogFields, message: string): unknown
  info(fields: LogFields, message: string): unknown
  warn(fields: LogFields, message: string): unknown
  error(fields: LogFields, message: string): unknown
}

/** Plain JSON: strings, numbers, `null`, and what an error was under `error`. */
export type LogFields = Readonly<Record<string, unknown>>

export type LogLevel = keyof ClerkLogger

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[]

/** What `error` holds of something that was thrown: everything of it is a text that was searched for secrets. */
export interface LoggedError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: LoggedError
  readonly errors?: readonly LoggedError[]
}

/**
 * The sentence alone, and under it what was thrown: the fields say the same once more. On standard error at every level: what
 * a program prints is its own.
 */
function print(level: LogLevel, fields: LogFields, message: string): void {
  const { error } = fields as { readonly error?: LoggedError }
  const lines = error === undefined ? [] : linesOf(error)
  // Looked up at each call: tests and instrumentation replace the console's methods.
  // biome-ignore lint/suspicious/noConsole: it is the default of `logger`
  console[level === 'error' ? 'error' : 'warn']([`[clerk] ${message}`, ...lines].join('\n'))
}

function linesOf({ name, message, stack, cause, errors = [] }: LoggedError, before = ''): string[] {
  const own = `${before}${stack ?? `${name}: ${message}`}`
  const inner = [...(cause === undefined ? [] : [cause]), ...errors]
  return [own, ...inner.flatMap((one) => linesOf(one, '[cause]: '))]
}

/** The console as a logger of some levels. */
export function consoleLogger(levels: readonly LogLevel[]): ClerkLogger {
  const method = (level: LogLevel) => (fields: LogFields, message: string) => {
    if (levels.includes(level)) print(level, fields, message)
  }
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') }
}

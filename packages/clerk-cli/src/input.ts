import type * as Prompts from '@clack/prompts'
import { CliError } from './cli-error.js'

/** The first line of what is piped in. */
export async function firstLine(stdin: NodeJS.ReadableStream): Promise<string> {
  let read = ''
  for await (const chunk of stdin) {
    read += String(chunk)
    if (read.includes('\n')) break
  }
  return read.split(/\r?\n/)[0] ?? ''
}

/** Asks on the terminal, on standard error: standard output is for results. @throws {CliError} when it is left */
export const askText = (message: string, check: (value: string) => string | undefined): Promise<string> =>
  answered(({ text }) => text({ message, validate: (value = '') => check(value), output: process.stderr }))

/** The same, and shows nothing of what is typed. */
export const askPassword = (message: string, check: (value: string) => string | undefined): Promise<string> =>
  answered(({ password }) =>
    password({ message, mask: '', validate: (value = '') => check(value), output: process.stderr }),
  )

export const askYes = (message: string): Promise<boolean> =>
  answered(({ confirm }) => confirm({ message, initialValue: true, output: process.stderr }))

/** Few commands ask: the others do not load what does. */
async function answered<T>(ask: (prompts: typeof Prompts) => Promise<T>): Promise<Exclude<T, symbol>> {
  const prompts = await import('@clack/prompts')
  const value = await ask(prompts)
  if (!prompts.isCancel(value)) return value as Exclude<T, symbol>
  throw new CliError('Nothing was done.', 'Run the command again, and answer its questions.')
}

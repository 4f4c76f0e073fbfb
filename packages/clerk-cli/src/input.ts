import { isCancel, password as ask, text } from '@clack/prompts'
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
  answered(text({ message, validate: (value = '') => check(value), output: process.stderr }))

/** The same, and shows nothing of what is typed. */
export const askPassword = (message: string, check: (value: string) => string | undefined): Promise<string> =>
  answered(ask({ message, mask: '', validate: (value = '') => check(value), output: process.stderr }))

async function answered(answer: Promise<string | symbol>): Promise<string> {
  const value = await answer
  if (typeof value === 'string' && !isCancel(value)) return value
  throw new CliError('Nothing was done.', 'Run the command again, and answer its questions.')
}

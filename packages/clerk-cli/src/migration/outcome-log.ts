import { closeSync, createReadStream, existsSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { MigrationOutcome } from '@acme/clerk-core/adapter'
import { CliError } from '../cli-error.js'

export interface OutcomeLog {
  readonly name: string
  write(outcome: MigrationOutcome): void
  close(): void
}

/**
 * The log of a migration, one JSON text a line. A line is with the operating system before the next row is looked at: a
 * process that is killed loses none. Only its owner reads it.
 *
 * @throws {CliError} when the file cannot be written
 */
export function openLog(cwd: string, name: string): OutcomeLog {
  const path = resolve(cwd, name)
  const torn = endsInTheMiddle(path)
  const file = opened(() => openSync(path, 'a', 0o600), name)
  if (torn) writeSync(file, '\n')
  return {
    name,
    write: (outcome) => void writeSync(file, `${JSON.stringify(outcome)}\n`),
    close: () => closeSync(file),
  }
}

/** A run that was killed may have left half a line. */
function endsInTheMiddle(path: string): boolean {
  if (!existsSync(path)) return false
  const { size } = statSync(path)
  if (size === 0) return false
  const file = openSync(path, 'r')
  try {
    const last = Buffer.alloc(1)
    readSync(file, last, 0, 1, size - 1)
    return last.toString() !== '\n'
  } finally {
    closeSync(file)
  }
}

type Done = Pick<MigrationOutcome, 'key' | 'outcome' | 'userId'>

/**
 * Outcomes of earlier runs. Half a line says nothing: Clerk is asked about its row.
 *
 * @throws {CliError} at once, when there is no such file
 */
export function readLog(cwd: string, name: string): AsyncIterable<Done> {
  const path = resolve(cwd, name)
  if (!existsSync(path)) throw new CliError(`There is no log ${name}.`, 'Name the log of the run before.')
  return outcomesOf(path)
}

async function* outcomesOf(path: string): AsyncGenerator<Done> {
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    const outcome = parsed(line)
    if (outcome !== null) yield outcome
  }
}

function parsed(line: string): MigrationOutcome | null {
  try {
    const value = JSON.parse(line) as MigrationOutcome | null
    return typeof value?.key === 'string' && typeof value.outcome === 'string' ? value : null
  } catch {
    return null
  }
}

function opened(open: () => number, name: string): number {
  try {
    return open()
  } catch (error) {
    throw new CliError(`The log ${name} cannot be written.`, 'Name another file with --log.', {
      cause: error,
    })
  }
}

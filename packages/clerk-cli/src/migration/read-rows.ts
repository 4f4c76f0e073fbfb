import { createReadStream, existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { MigrationOutcome, MigrationSource } from '@acme/clerk-core/adapter'
import { CliError } from '../cli-error.js'

export const FORMATS = ['csv', 'json', 'ndjson'] as const
export type Format = (typeof FORMATS)[number]

type Row = Readonly<Record<string, unknown>>

const BY_NAME: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
}

/**
 * The rows of a file, which is read twice, so that memory does not grow with it; or of standard input, which is held.
 *
 * @throws {CliError} for a file that is not there, or of a format that is not known
 */
export function openRows(parts: {
  readonly from: string
  readonly format: Format | undefined
  readonly cwd: string
  readonly stdin: NodeJS.ReadableStream
}): MigrationSource {
  const { from, cwd, stdin } = parts
  const path = resolve(cwd, from)
  if (from !== '-' && !existsSync(path))
    throw new CliError(`There is no file ${from}.`, 'Name another one with --from.')
  const format = parts.format ?? BY_NAME[extname(from).toLowerCase()]
  if (format === undefined)
    throw new CliError(`It is not known what ${from} holds.`, `Add --format: ${FORMATS.join(', ')}.`)
  const read = READERS[format]
  return from === '-' ? read(stdin as Readable) : () => read(createReadStream(path))
}

const READERS: Readonly<Record<Format, (input: Readable) => AsyncIterable<Row>>> = {
  csv: readCsv,
  json: readJson,
  ndjson: readNdjson,
}

/** What cannot be read as a row, by a field that Clerk does not have: core finds such a row invalid, by its line. */
const UNREADABLE = {
  unreadable_columns: 'The row has not as many columns as the header.',
  unreadable_json: 'It is no JSON object.',
} as const

const unreadable = (line: number, why: keyof typeof UNREADABLE): Row => ({ line, [why]: true })

/** An outcome that says of a row that cannot be read why, and not which field it lacks. */
export function explained(outcome: MigrationOutcome): MigrationOutcome {
  const mark = outcome.problems.find(({ field }) => Object.hasOwn(UNREADABLE, field))
  if (mark === undefined) return outcome
  return { ...outcome, problems: [{ field: '', message: UNREADABLE[mark.field as keyof typeof UNREADABLE] }] }
}

/** A row counts by the line on which it ends: text in quotes may have several. */
async function* readCsv(input: Readable): AsyncGenerator<Row> {
  const { parse } = await import('csv-parse')
  const parser = parse({
    columns: (names: string[]) => names.map((name) => name.trim()),
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true,
    info: true,
  })
  input.on('error', (error) => parser.destroy(error))
  try {
    for await (const { record, info } of input.pipe(parser) as AsyncIterable<CsvRecord>) {
      yield info.error === undefined
        ? { ...record, line: info.lines }
        : unreadable(info.lines, 'unreadable_columns')
    }
  } catch (error) {
    if (!String((error as { code?: unknown }).code).startsWith('CSV_')) throw error
    throw new CliError(
      `The CSV cannot be read from line ${String((error as { lines?: unknown }).lines ?? '?')} on: ${(error as Error).message.split('.')[0]}.`,
      'Correct the quotes there: a text with commas, quotes or newlines is put into "…", a quote in it is "".',
    )
  }
}

interface CsvRecord {
  readonly record: Row
  readonly info: { readonly lines: number; readonly error?: Error }
}

/** A list of objects. It is read whole. */
async function* readJson(input: Readable): AsyncGenerator<Row> {
  const list = parsed(await text(input))
  if (!Array.isArray(list))
    throw new CliError(
      'The JSON is no list of objects.',
      'Write [{ … }, { … }], or an object a line and --format ndjson.',
    )
  for (const [index, row] of list.entries())
    yield isRow(row) ? { ...row, line: index + 1 } : unreadable(index + 1, 'unreadable_json')
}

async function* readNdjson(input: Readable): AsyncGenerator<Row> {
  let line = 0
  for await (const written of createInterface({ input })) {
    line++
    if (written.trim() === '') continue
    const row = parsed(written)
    yield isRow(row) ? { ...row, line } : unreadable(line, 'unreadable_json')
  }
}

/** `undefined`: not JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

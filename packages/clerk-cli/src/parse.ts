import { CliError } from './cli-error.js'

export const text = (value: string): string => value

/** Whole, and at least `least`. @throws {CliError} */
export const wholeNumber =
  (least: number) =>
  (value: string, name: string): number => {
    const number = Number(value)
    if (/^\d{1,15}$/.test(value) && number >= least) return number
    throw new CliError(
      `--${name} is not a whole number of at least ${least}.`,
      `Write digits alone: --${name} ${Math.max(least, 100)}`,
    )
  }

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** `30d`, `12h`, `15m`, `90s`, in seconds. @throws {CliError} */
export function duration(value: string, name: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(value) ?? []
  if (amount !== '') return Number(amount) * UNITS[unit as keyof typeof UNITS]
  throw new CliError(`--${name} is not a duration.`, `Write a number with s, m, h or d: --${name} 30d`)
}

/** A date, a time (ISO 8601), or how long ago. In milliseconds. @throws {CliError} */
export function moment(value: string, name: string): number {
  if (/^\d{1,9}[smhd]$/.test(value)) return Date.now() - duration(value, name) * 1000
  const time = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new CliError(
    `--${name} is not a date.`,
    `Write a day, a time or how long ago: --${name} 2026-01-31, --${name} 2026-01-31T12:00:00Z, --${name} 24h`,
  )
}

/** @throws {CliError} */
export const oneOf =
  <const T extends string>(...values: readonly T[]) =>
  (value: string, name: string): T => {
    const found = values.find((one) => one === value)
    if (found !== undefined) return found
    throw new CliError(
      `--${name} has no value "${value.slice(0, 40)}".`,
      `Write one of ${values.join(', ')}.`,
    )
  }

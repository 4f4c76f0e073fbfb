import { nameOf } from './error-name.js'
import { type StoreFault, StoreFaultError } from './errors.js'

/** What may be told of a fault: names of the schema and codes, never a value. */
export interface ToldFault {
  readonly fault: StoreFault
  readonly driverCode: string
  readonly model: string
  readonly field: string | null
  readonly index: string | null
}

export function toldFault({ fault, driverCode, model, field, index }: StoreFaultError): ToldFault {
  return {
    fault,
    driverCode: nameOnly(driverCode),
    model: nameOnly(model),
    field: field === undefined ? null : nameOnly(field),
    index: index === undefined ? null : nameOnly(index),
  }
}

/** An error as an operator reads it: its class, and of a fault what the database refused. */
export function describeError(error: unknown): string {
  if (!(error instanceof StoreFaultError)) return nameOf(error)
  const { fault, driverCode, model, field, index } = toldFault(error)
  const where = field === null ? model : `${model}.${field}`
  return `StoreFaultError: ${fault}, ${driverCode}, ${where}${index === null ? '' : `, index ${index}`}`
}

/** Any store may be given, and a name that is none could be a value: an e-mail address has an `@`. */
const nameOnly = (text: string): string => (/^[\p{L}\p{N}_$.:() -]{1,200}$/u.test(text) ? text : '?')

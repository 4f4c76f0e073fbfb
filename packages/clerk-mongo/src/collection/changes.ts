import type { Document } from 'mongodb'

const isAbsent = (value: unknown) => value === null || value === undefined

/** Without the fields that have no value: a sparse index takes `null` for one. */
export function present(fields: Document): Document {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isAbsent(value)))
}

/** The update that writes these fields and removes those that are `null`. */
export function changes(fields: Document): { $set: Document; $unset?: Document } {
  const absent = Object.entries(fields).filter(([, value]) => isAbsent(value))
  const $set = present(fields)
  return absent.length === 0
    ? { $set }
    : { $set, $unset: Object.fromEntries(absent.map(([name]) => [name, ''])) }
}

/** The document after {@link changes}, given the one before. */
export function changed(before: Document, fields: Document): Document {
  return {
    ...Object.fromEntries(Object.entries(before).filter(([name]) => !Object.hasOwn(fields, name))),
    ...present(fields),
  }
}

/** The update that raises these dates where the document has an earlier one or none. */
export const raises = (growing: Document = {}): { $max?: Document } =>
  Object.keys(growing).length === 0 ? {} : { $max: growing }

/** The document after {@link raises}. */
export function raised(before: Document, growing: Document = {}): Document {
  const later = Object.entries(growing).filter(
    ([name, date]) => !(before[name] instanceof Date && before[name] >= date),
  )
  return { ...before, ...Object.fromEntries(later) }
}

/** 0 for a row that holds nothing from Clerk, as one that the application made. */
export const versionOf = ({ version }: Document): number => (typeof version === 'number' ? version : 0)

import { WebhookDataError } from '../errors.js'
import { type Metadata, UNSTORABLE } from './json.js'

/** The last moment a `Date` can hold: a time beyond it is no time, and would outbid every later version. */
const LAST_TIME = 8.64e15
/** A token is the longest string that is read. */
const MAX_STRING = 16_384

/**
 * Reads an object of Clerk's JSON field by field. Every refusal names the field and never its value: the value may be
 * an address, or private.
 */
export interface JsonReader {
  /** A non-empty string of at most 255 characters, which every database can store. */
  id(field: string): string
  string(field: string): string
  /** `null` where the field is absent, null or blank: Clerk writes all three for "none". */
  optionalString(field: string): string | null
  flag(field: string): boolean
  /** Milliseconds. */
  time(field: string): number
  optionalTime(field: string): number | null
  /** `{}` where the field is absent or null. */
  metadata(field: string): Metadata
  strings(field: string): readonly string[]
  /** Whether the field is there, `null` included. */
  has(field: string): boolean
  /** Whatever is there, unverifiable. */
  value(field: string): unknown
  object(field: string): JsonReader
  optionalObject(field: string): JsonReader | null
  /** Objects of an array; `[]` where the field is absent or null. */
  objects(field: string): readonly JsonReader[]
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws {WebhookDataError} when `json` is not an object; `name` says what it should have been */
export function readJson(json: unknown, name: string): JsonReader {
  if (!isObject(json)) throw new WebhookDataError(`${name} is not an object.`)
  return new ObjectReader(json, name)
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= LAST_TIME
const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= MAX_STRING

class ObjectReader implements JsonReader {
  readonly #json: Readonly<Record<string, unknown>>
  readonly #name: string

  constructor(json: Readonly<Record<string, unknown>>, name: string) {
    this.#json = json
    this.#name = name
  }

  #refuse(field: string, expected: string): never {
    throw new WebhookDataError(`${this.#name}.${field} is not ${expected}.`)
  }

  /** Own properties only: `__proto__` and `constructor` are ordinary names in JSON. */
  value(field: string): unknown {
    return Object.hasOwn(this.#json, field) ? this.#json[field] : undefined
  }

  id(field: string): string {
    const value = this.value(field)
    return typeof value === 'string' && value.length > 0 && value.length <= 255 && !UNSTORABLE.test(value)
      ? value
      : this.#refuse(field, 'an id')
  }

  string(field: string): string {
    const value = this.value(field)
    return isText(value) ? value : this.#refuse(field, 'a string')
  }

  optionalString(field: string): string | null {
    const value = this.value(field)
    if (value === undefined || value === null || value === '') return null
    return isText(value) ? value : this.#refuse(field, 'a string or null')
  }

  flag(field: string): boolean {
    const value = this.value(field)
    if (value === undefined || value === null) return false
    return typeof value === 'boolean' ? value : this.#refuse(field, 'true or false')
  }

  time(field: string): number {
    const value = this.value(field)
    return isTime(value) ? value : this.#refuse(field, 'a time in milliseconds')
  }

  optionalTime(field: string): number | null {
    const value = this.value(field)
    if (value === undefined || value === null) return null
    return isTime(value) ? value : this.#refuse(field, 'a time in milliseconds or null')
  }

  metadata(field: string): Metadata {
    const value = this.value(field)
    if (value === undefined || value === null) return {}
    // JSON.parse made it, so what is in it is JSON.
    return isObject(value) ? (value as Metadata) : this.#refuse(field, 'an object')
  }

  strings(field: string): readonly string[] {
    const value = this.value(field)
    if (value === undefined || value === null) return []
    return Array.isArray(value) && value.every(isText) ? value : this.#refuse(field, 'a list of strings')
  }

  has(field: string): boolean {
    return this.value(field) !== undefined
  }

  object(field: string): JsonReader {
    return readJson(this.value(field), `${this.#name}.${field}`)
  }

  optionalObject(field: string): JsonReader | null {
    const value = this.value(field)
    return value === undefined || value === null ? null : readJson(value, `${this.#name}.${field}`)
  }

  objects(field: string): readonly JsonReader[] {
    const value = this.value(field)
    if (value === undefined || value === null) return []
    if (!Array.isArray(value)) return this.#refuse(field, 'a list')
    return value.map((item: unknown, index) => readJson(item, `${this.#name}.${field}[${index}]`))
  }
}

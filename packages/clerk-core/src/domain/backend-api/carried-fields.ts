import type { JsonReader } from '../../ground/json/json-reader.js'

/** How a field may be read. Each of them reads `null` as what is stored for "none". */
type Reading = 'optionalString' | 'optionalTime' | 'flag' | 'metadata' | 'strings'

type Table = Readonly<Record<string, readonly [json: string, reading: Reading]>>

type Carried<T extends Table> = { readonly [Field in keyof T]?: ReturnType<JsonReader[T[Field][1]]> }

/**
 * The fields of a snapshot that Clerk's JSON carries. What is absent there is an absent key here: the row keeps its value.
 *
 * @throws {WebhookDataError} naming the field that is not what Clerk documents, never its value
 */
export function carriedFields<const T extends Table>(json: JsonReader, table: T): Carried<T> {
  const carried: Record<string, unknown> = {}
  for (const name in table) {
    const [field, reading] = table[name] as T[typeof name]
    if (json.has(field)) carried[name] = json[reading](field)
  }
  return carried as Carried<T>
}

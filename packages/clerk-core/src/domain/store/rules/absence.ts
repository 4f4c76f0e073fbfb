/** The fields of a snapshot that may be absent. */
type Carried<T extends object> = { readonly [Field in keyof T]?: Exclude<T[Field], undefined> }

/**
 * Absent is not empty: the fields that a snapshot carries, and no others, so that they can be spread over a row. What is
 * `undefined` keeps the value that the row has; `null` clears it.
 */
export function carried<const T extends object>(fields: T): Carried<T> {
  const present: { [Field in keyof T]?: T[Field] } = {}
  for (const field of Object.keys(fields) as (keyof T)[])
    if (fields[field] !== undefined) present[field] = fields[field]
  return present as Carried<T>
}

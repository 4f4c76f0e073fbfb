import type { Metadata } from './json.js'

/** PATCH merges, PUT replaces the kinds it names. */
export function changeMetadata<K extends string>(
  object: Record<K, Metadata>,
  given: Partial<Record<K, Metadata>>,
  kinds: readonly K[],
  how: 'merge' | 'replace',
): void {
  for (const kind of kinds) {
    const value = given[kind]
    if (value) object[kind] = mergeMetadata(how === 'merge' ? object[kind] : {}, value)
  }
}

/** Deep merge as Clerk does it: objects merge, `null` deletes its key, everything else replaces. */
function mergeMetadata(current: Metadata, change: Metadata): Metadata {
  const merged = { ...current }
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete merged[key]
    else define(merged, key, isObject(value) ? mergeMetadata(ownObject(current, key), value) : value)
  }
  return merged
}

const isObject = (value: unknown): value is Metadata =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function ownObject(metadata: Metadata, key: string): Metadata {
  const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined
  return isObject(value) ? value : {}
}

// Assigning "__proto__" from JSON would set the prototype instead of a key.
const define = (target: Metadata, key: string, value: unknown) =>
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })

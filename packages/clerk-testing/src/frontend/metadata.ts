import { invalidParameter } from '../server/errors.js'

/** Metadata as a form carries it: JSON as text. @throws {BackendError} 422 unless it is an object */
export function metadataOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Told below, in the same words.
  }
  throw invalidParameter('unsafe_metadata', 'a JSON object')
}

export const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))
export const dateOrNull = (value: unknown): Date | null => (value instanceof Date ? value : null)
export const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** The earlier of two moments, either of which may not be. */
export function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other
  return one <= other ? one : other
}

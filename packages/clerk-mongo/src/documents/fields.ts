export const dateOf = (ms: number | null | undefined): Date | null | undefined =>
  typeof ms === 'number' ? new Date(ms) : ms
export const dateOrNull = (value: unknown): Date | null => (value instanceof Date ? value : null)
export const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)

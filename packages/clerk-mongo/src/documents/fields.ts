export const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))
export const dateOrNull = (value: unknown): Date | null => (value instanceof Date ? value : null)
export const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/**
 * First and last name in one: `Ada Lovelace`. Clerk sends no such field. `null` where there is neither.
 *
 * Takes a row, a snapshot (in a store's `create`) or the body of `/me`.
 */
export function fullName({
  firstName,
  lastName,
}: {
  readonly firstName?: string | null | undefined
  readonly lastName?: string | null | undefined
}): string | null {
  return [firstName?.trim(), lastName?.trim()].filter(Boolean).join(' ') || null
}

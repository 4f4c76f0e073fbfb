/**
 * An address without the case of its ASCII letters. No other letter is folded: Unicode makes a `k` of the Kelvin sign
 * (U+212A), and of one person's address another's.
 */
export function foldAddress(address: string): string {
  return address.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/**
 * Whether a stored value is this address. What a database found by a collation, a pattern or its own `lower()` is
 * compared again by this: it may hold `é` and `e`, or `_` and any letter, for the same.
 */
export function isSameAddress(stored: unknown, address: string): boolean {
  return typeof stored === 'string' && foldAddress(stored) === foldAddress(address)
}

/**
 * Whether the row of a snapshot says `emailVerified`: without an address there is nothing that was verified. `undefined`:
 * the snapshot does not carry the address, and the row keeps what it says.
 */
export function hasVerifiedAddress({
  email,
  emailVerified,
}: {
  readonly email?: string | null
  readonly emailVerified?: boolean
}): boolean | undefined {
  return email === undefined ? undefined : email !== null && emailVerified === true
}

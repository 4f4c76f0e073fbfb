import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Letters and digits, unbiased enough for ids and secrets of a development server. */
export function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('')
}

export type IdPrefix =
  | 'user'
  | 'idn'
  | 'sess'
  | 'client'
  | 'org'
  | 'orgmem'
  | 'orginv'
  | 'orgdmn'
  | 'inv'
  | 'sit'
  | 'ak'
  | 'mch'
  | 'mt'
  | 'oat'
  | 'jtmp'
  | 'msg'
  | 'ins'
  | 'dmn'

/** An id like Clerk's. Never used twice. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_2${randomText(26)}`
}

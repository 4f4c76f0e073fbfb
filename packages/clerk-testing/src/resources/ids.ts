import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Letters and digits, unbiased enough for ids and secrets of a development server. */
export function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('')
}

export type IdPrefix =
  | 'user'
  | 'idn'
  | 'eac'
  | 'sess'
  | 'client'
  | 'sua'
  | 'org'
  | 'orgmem'
  | 'orginv'
  | 'orgdmn'
  | 'role'
  | 'perm'
  | 'rset'
  | 'inv'
  | 'alid'
  | 'blid'
  | 'wle'
  | 'sit'
  | 'act'
  | 'agt'
  | 'ru'
  | 'prchk'
  | 'ak'
  | 'mch'
  | 'mt'
  | 'oat'
  | 'oa'
  | 'aplt'
  | 'apl'
  | 'jtmp'
  | 'samlc'
  | 'entconn'
  | 'ectr'
  | 'dir'
  | 'dgrm'
  | 'td'
  | 'cplan'
  | 'cprice'
  | 'feat'
  | 'csub'
  | 'csubi'
  | 'cpayer'
  | 'cpay'
  | 'cstmt'
  | 'cled'
  | 'cdisc'
  | 'ema'
  | 'sms'
  | 'msg'
  | 'ins'
  | 'dmn'

const hexadecimal: readonly IdPrefix[] = ['ak', 'mt', 'oat', 'aplt']

/** An id like Clerk's: 27 letters and digits, or 32 hexadecimal ones. Never used twice. */
export function newId(prefix: IdPrefix): string {
  return hexadecimal.includes(prefix)
    ? `${prefix}_${randomBytes(16).toString('hex')}`
    : `${prefix}_2${randomText(26)}`
}

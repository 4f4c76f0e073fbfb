import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Letters and digits, unbiased enough for ids and secrets of a development server. */
export function randomText(length: number): string {
  let text = ''
  for (const byte of take(length)) text += alphabet[byte % alphabet.length]
  return text
}

// Ten thousand users have forty thousand ids: asking the system for each would take longer than all the rest.
let pool = randomBytes(0)
function take(length: number): Buffer {
  if (pool.length < length) pool = randomBytes(Math.max(length, 16_384))
  const taken = pool.subarray(0, length)
  pool = pool.subarray(length)
  return taken
}

export type IdPrefix =
  | 'user'
  | 'idn'
  | 'eac'
  | 'sess'
  | 'client'
  | 'sia'
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
    ? `${prefix}_${take(16).toString('hex')}`
    : `${prefix}_2${randomText(26)}`
}

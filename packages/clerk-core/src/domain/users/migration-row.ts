import type { Json } from '../../ground/json/json.js'
import { type MigrationOutcome, PASSWORD_HASHERS } from './bulk.js'

/** A row that may be sent: the body of `POST /v1/users`, and by what its user is found again. */
export interface ReadyRow {
  readonly body: Readonly<Record<string, Json>>
  readonly identifiers: Identifiers
}

/** Each without an empty text; addresses and usernames as they were given. */
export interface Identifiers {
  readonly externalId: string | null
  readonly emails: readonly string[]
  readonly phones: readonly string[]
  readonly username: string | null
}

type Problem = MigrationOutcome['problems'][number]

/** A value as Clerk takes it, or what is wrong with it. */
type Reading = { readonly value: Json } | { readonly wrong: string }

const ok = (value: Json): Reading => ({ value })
const wrong = (message: string): Reading => ({ wrong: message })

const text = (value: unknown): Reading =>
  typeof value === 'string'
    ? ok(value)
    : typeof value === 'number'
      ? ok(String(value))
      : wrong('must be text.')

/** JSON of a CSV's cell; `undefined`: it is none. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

function texts(value: unknown): Reading {
  const list = typeof value === 'string' ? (value.startsWith('[') ? parsed(value) : [value]) : value
  return Array.isArray(list) && list.every((one) => typeof one === 'string' && one !== '')
    ? ok(list)
    : wrong('must be text, or a list of texts as JSON.')
}

const listed =
  (isRight: (one: string) => boolean, message: string) =>
  (value: unknown): Reading => {
    const list = texts(value)
    if ('wrong' in list) return list
    return (list.value as string[]).every(isRight) ? list : wrong(message)
  }

const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false }

function flag(value: unknown): Reading {
  if (typeof value === 'boolean') return ok(value)
  const read = typeof value === 'string' ? FLAGS[value.toLowerCase()] : undefined
  return read === undefined ? wrong('must be true or false.') : ok(read)
}

function metadata(value: unknown): Reading {
  const read = typeof value === 'string' ? parsed(value) : value
  return typeof read === 'object' && read !== null && !Array.isArray(read)
    ? ok(read as Json)
    : wrong('must be an object, or one as JSON.')
}

function time(value: unknown): Reading {
  const date =
    value instanceof Date ? value : typeof value === 'string' && ISO.test(value) ? new Date(value) : null
  return date === null || Number.isNaN(date.getTime())
    ? wrong('must be a time as RFC 3339 has it (2012-10-20T07:15:20Z).')
    : ok(date.toISOString())
}
const ISO = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

function count(value: unknown): Reading {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) && (number as number) >= 0
    ? ok(number as number)
    : wrong('must be a whole number, 0 or more.')
}

const hashers: ReadonlySet<unknown> = new Set(PASSWORD_HASHERS)
const hasher = (value: unknown): Reading =>
  hashers.has(value) ? ok(value as string) : wrong(`must be one of ${PASSWORD_HASHERS.join(', ')}.`)

const isAddress = (one: string) => /^[^\s@]+@[^\s@]+$/.test(one)
const isPhone = (one: string) => /^\+[1-9]\d{6,14}$/.test(one)
const isStatus = (one: string) => one === 'verified' || one === 'reserved'

/** Every field of `POST /v1/users`, and how it is read. */
const FIELDS: Readonly<Record<string, (value: unknown) => Reading>> = {
  external_id: text,
  email_address: listed(isAddress, 'holds what is no e-mail address.'),
  email_address_identification_status: listed(isStatus, 'must be verified or reserved.'),
  phone_number: listed(isPhone, 'holds what is no phone number as E.164 has it (+15551234567).'),
  phone_number_identification_status: listed(isStatus, 'must be verified or reserved.'),
  web3_wallet: texts,
  username: text,
  first_name: text,
  last_name: text,
  locale: text,
  password: text,
  password_digest: text,
  password_hasher: hasher,
  skip_password_checks: flag,
  skip_password_requirement: flag,
  totp_secret: text,
  backup_codes: texts,
  public_metadata: metadata,
  private_metadata: metadata,
  unsafe_metadata: metadata,
  delete_self_enabled: flag,
  legal_accepted_at: time,
  skip_legal_checks: flag,
  skip_user_requirement: flag,
  create_organization_enabled: flag,
  create_organizations_limit: count,
  created_at: time,
  bypass_client_trust: flag,
  banned: flag,
  locked: flag,
}

/** What must be true of several fields together: the field that is told, and what is wrong. */
const RULES: readonly (readonly [
  field: string,
  isWrong: (body: ReadyRow['body']) => boolean,
  message: string,
])[] = [
  [
    'external_id',
    (body) => IDENTIFYING.every((field) => body[field] === undefined),
    'is missing, and so are email_address, phone_number and username: the user could not be found again.',
  ],
  [
    'password_hasher',
    (body) => has(body, 'password_digest') && !has(body, 'password_hasher'),
    'is missing: password_digest needs it.',
  ],
  [
    'password_digest',
    (body) => has(body, 'password_hasher') && !has(body, 'password_digest'),
    'is missing: password_hasher stands alone.',
  ],
  [
    'password',
    (body) => has(body, 'password') && has(body, 'password_digest'),
    'stands beside password_digest: give one of both.',
  ],
  [
    'password',
    ({ password, skip_password_checks }) =>
      typeof password === 'string' && password.length < 8 && skip_password_checks !== true,
    'is shorter than 8 characters: Clerk takes it with skip_password_checks alone.',
  ],
  ...(['email_address', 'phone_number'] as const).map(
    (field) =>
      [
        `${field}_identification_status`,
        (body: ReadyRow['body']) => {
          const statuses = body[`${field}_identification_status`]
          return statuses !== undefined && lengthOf(statuses) !== lengthOf(body[field])
        },
        `must have one item for each ${field}.`,
      ] as const,
  ),
]
const IDENTIFYING = ['external_id', 'email_address', 'phone_number', 'username']
const has = (body: ReadyRow['body'], field: string) => body[field] !== undefined
const lengthOf = (list: Json | undefined) => (Array.isArray(list) ? list.length : 0)

/** Reads a row with the names of the Backend API. No message quotes a value. Pure. */
export function readMigrationRow(
  row: unknown,
): { readonly ready: ReadyRow } | { readonly problems: readonly Problem[] } {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return { problems: [{ field: '', message: 'The row is no object.' }] }
  }
  const problems: Problem[] = []
  const body: Record<string, Json> = {}
  for (const [field, value] of Object.entries(row)) {
    if (field === 'line' || value === undefined || value === null || value === '') continue
    const read = Object.hasOwn(FIELDS, field) ? FIELDS[field]?.(value) : undefined
    if (read === undefined) problems.push({ field: named(field), message: 'is no field of POST /v1/users.' })
    else if ('wrong' in read) problems.push({ field, message: read.wrong })
    else body[field] = read.value
  }
  if (problems.length === 0) {
    for (const [field, isWrong, message] of RULES) if (isWrong(body)) problems.push({ field, message })
  }
  return problems.length > 0 ? { problems } : { ready: { body, identifiers: identifiersOf(body) } }
}

/** A header that is none may be a value: a file without headers has one in their place. */
const named = (field: string) => (/^\w{1,60}$/.test(field) ? field : '(another name)')

function identifiersOf(body: ReadyRow['body']): Identifiers {
  const { external_id, email_address, phone_number, username } = body
  return {
    externalId: typeof external_id === 'string' ? external_id : null,
    emails: Array.isArray(email_address) ? (email_address as string[]) : [],
    phones: Array.isArray(phone_number) ? (phone_number as string[]) : [],
    username: typeof username === 'string' ? username : null,
  }
}

/** Each identifier as one text that is equal where Clerk takes two for the same, the one that is asked for first. */
export function identifierTexts({ externalId, emails, phones, username }: Identifiers): readonly string[] {
  return [
    ...(externalId === null ? [] : [`external_id ${externalId}`]),
    ...emails.map((email) => `email_address ${email.toLowerCase()}`),
    ...phones.map((phone) => `phone_number ${phone}`),
    ...(username === null ? [] : [`username ${username.toLowerCase()}`]),
  ]
}

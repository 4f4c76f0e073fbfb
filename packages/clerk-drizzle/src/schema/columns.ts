/** Makes a column of one kind, by its name in the database. What each is differs from database to database. */
export type ColumnKit = Readonly<Record<ColumnKind, (name: string) => unknown>>

type ColumnKind =
  /** A text, an address, a short text; those that tell upper and lower case apart are `exact`. */
  | ('text' | 'address' | 'short' | 'shortRequired' | 'exact' | 'exactRequired' | 'exactUnique' | 'key')
  | ('lines' | 'body' | 'json' | 'list' | 'flag' | 'switchedOn' | 'count')
  /** Times: of users and organisations, and the numbers of milliseconds of the inbox and the log. */
  | ('time' | 'timeRequired' | 'ms' | 'msRequired' | 'version')
  /** Primary keys: made by the application, given by Clerk, numbered by the database. */
  | ('id' | 'eventId' | 'position')

/** The columns of every table, with the types of one database. */
export function columnsOf<K extends ColumnKit>(kit: K) {
  const kind = <N extends ColumnKind>(name: N) => kit[name] as (column: string) => ReturnType<K[N]>
  const [text, address, short, json, list] = [
    kind('text'),
    kind('address'),
    kind('short'),
    kind('json'),
    kind('list'),
  ]
  const [required, exact, exactRequired] = [kind('shortRequired'), kind('exact'), kind('exactRequired')]
  const [key, lines, flag, id] = [kind('key'), kind('lines'), kind('flag'), kind('id')]
  const [time, ms, msRequired] = [kind('time'), kind('ms'), kind('msRequired')]
  const synced = () => ({ version: kind('version')('version'), deletedAt: time('deleted_at') })
  return {
    id: () => ({ id: id('id') }),
    user: () => ({
      ...{ clerkId: kind('exactUnique')('clerk_id'), email: address('email') },
      ...{ emailVerified: flag('email_verified'), username: text('username'), phone: text('phone') },
      ...{ firstName: text('first_name'), lastName: text('last_name'), imageUrl: text('image_url') },
      ...{ externalId: text('external_id'), publicMetadata: json('public_metadata') },
      ...{ banned: flag('banned'), deprovisioned: flag('deprovisioned') },
      ...{ isActive: kind('switchedOn')('is_active'), clerkCreatedAt: time('clerk_created_at') },
      ...{ lastSignInAt: time('last_sign_in_at'), lastActiveAt: time('last_active_at'), ...synced() },
    }),
    organization: () => ({
      ...{ clerkId: key('clerk_id'), name: text('name'), slug: text('slug'), imageUrl: text('image_url') },
      ...{ publicMetadata: json('public_metadata'), ...synced() },
    }),
    membership: () => ({
      ...{ clerkId: key('clerk_id'), orgId: exactRequired('org_id'), userId: exactRequired('user_id') },
      ...{ role: short('role'), permissions: list('permissions'), publicMetadata: json('public_metadata') },
      ...{ createdAt: kind('timeRequired')('created_at'), ...synced() },
    }),
    invitation: () => ({
      ...{ clerkId: key('clerk_id'), orgId: exactRequired('org_id'), email: address('email') },
      ...{ role: short('role'), status: required('status'), publicMetadata: json('public_metadata') },
      ...{ expiresAt: time('expires_at'), version: kind('version')('version') },
    }),
    role: () => ({
      ...{ id: id('id'), clerkId: key('clerk_id'), key: exact('key'), name: text('name') },
      ...{ permissions: list('permissions'), ...synced() },
    }),
    event: () => ({
      ...{ id: kind('eventId')('id'), type: required('type'), timestamp: msRequired('timestamp') },
      ...{ subjects: lines('subjects'), body: kind('body')('body'), status: required('status') },
      ...{ attempts: kind('count')('attempts'), succeeded: lines('succeeded'), error: text('error') },
      ...{ reason: short('reason'), receivedAt: msRequired('received_at'), dueAt: msRequired('due_at') },
      ...{ leaseUntil: ms('lease_until'), owner: short('owner'), finishedAt: ms('finished_at') },
    }),
    change: () => ({
      ...{ position: kind('position')('position'), at: msRequired('at'), id: required('id') },
      ...{ type: required('type'), subjects: lines('subjects'), narrows: exact('narrows') },
      version: ms('version'),
    }),
  }
}

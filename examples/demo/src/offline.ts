import { type OfflineClerk, startClerk } from '@acme/clerk-testing'

export interface Person {
  readonly id: string
  readonly name: string
  readonly organizationId: string
}

/** Who is at the offline Clerk, and an API key of a service account. */
export interface Cast {
  readonly people: readonly Person[]
  readonly organizations: ReadonlyMap<string, string>
  readonly apiKey: string
}

const ORGANIZATIONS = ['Harbour Bakery', 'North Pier Studio'] as const

const PEOPLE = [
  { firstName: 'Maya', lastName: 'Okafor', roles: { 'Harbour Bakery': 'org:admin' } },
  { firstName: 'Jonas', lastName: 'Lindqvist', roles: { 'Harbour Bakery': 'org:member' } },
  {
    firstName: 'Priya',
    lastName: 'Raman',
    roles: { 'North Pier Studio': 'org:admin', 'Harbour Bakery': 'org:member' },
  },
] as const

const NOTES = {
  Maya: 'The new oven arrives on Thursday, delivery entrance at the back.',
  Jonas: 'Rye starter fed at six, ready for tomorrow.',
  Priya: 'Logo drafts two and four are the client’s favourites.',
} as const

/** An offline Clerk without users: `invite` creates them once the application receives its webhooks. */
export const startOfflineClerk = (appUrl: string): Promise<OfflineClerk> => startClerk({ appUrl })

/** People, organisations and a key, made at Clerk: the application hears of them by webhook. */
export async function invite(offline: OfflineClerk): Promise<Cast> {
  const organizations = new Map<string, string>()
  for (const name of ORGANIZATIONS) organizations.set(offline.createOrganization({ name }).id, name)
  const idOf = new Map([...organizations].map(([id, name]) => [name, id]))
  const people = PEOPLE.map(({ firstName, lastName, roles }) => {
    const user = offline.createUser({
      firstName,
      lastName,
      emailAddress: [`${firstName.toLowerCase()}@example.com`],
    })
    const memberships = Object.entries(roles)
    for (const [organization, role] of memberships)
      offline.addMember(idOf.get(organization) ?? '', user, role)
    return {
      id: user.id,
      name: `${firstName} ${lastName}`,
      organizationId: idOf.get(memberships[0]?.[0] ?? '') ?? '',
    }
  })
  const { secret } = offline.createApiKey({
    subject: idOf.get('Harbour Bakery') ?? '',
    name: 'Nightly export',
    scopes: ['notes:read'],
  })
  await offline.webhooks.settled()
  return { people, organizations, apiKey: secret }
}

/** Each person's first note, written through the API like any other. */
export async function writeNotes(
  offline: OfflineClerk,
  { people }: Cast,
  write: (token: string, text: string) => Promise<void>,
  azp: string,
): Promise<void> {
  for (const { id, name, organizationId } of people) {
    const session = offline.createSession(id, { organization: organizationId })
    const text = NOTES[name.split(' ')[0] as keyof typeof NOTES]
    await write(await offline.token(session, { azp }), text)
    offline.endSession(session)
  }
  await offline.webhooks.settled()
}

import type { UserSnapshot } from '@acme/clerk-core/store'
import type { Postgres } from './open-postgres.js'

export const T = 1_700_000_000_000

export const snapshot = (n: number | string, version = T) =>
  ({
    clerkId: `user_2abcdefghijklmnopqrst${n}`,
    email: `user${n}@example.com`,
    emailVerified: true,
    username: `user${n}`,
    phone: null,
    firstName: 'Ada',
    lastName: 'Lovelace',
    imageUrl: 'https://img.clerk.com/eyJ0eXBlIjoiZGVmYXVsdCIsImlpZCI6Imluc18yYWJjZGVmZ2hpamtsbW5vcHFyIn0',
    externalId: null,
    publicMetadata: { plan: 'free', seats: 3 },
    banned: false,
    deprovisioned: false,
    locked: false,
    createdAt: T,
    updatedAt: version,
    lastSignInAt: null,
    lastActiveAt: null,
    version,
  }) satisfies UserSnapshot

/** What tutorials show: no versions, no deletions, no addresses that move. */
export async function tutorialUpsert(
  prisma: Postgres['prisma'],
  row: ReturnType<typeof snapshot>,
): Promise<void> {
  const { clerkId, email, emailVerified, username, firstName, lastName, imageUrl, version } = row
  const data = { email, emailVerified, username, firstName, lastName, imageUrl, version }
  const all = { ...data, publicMetadata: { plan: 'free', seats: 3 } }
  await prisma.user.upsert({ where: { clerkId }, create: { clerkId, ...all }, update: all })
}

import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../../../testing/authority-harness.js'
import type { UserSnapshot } from '../user.js'

const EMAIL = 'ada@example.com'

function snapshot(clerkId: string, version: number, emailVerified: boolean): UserSnapshot {
  return {
    clerkId,
    version,
    email: EMAIL,
    emailVerified,
    username: null,
    phone: null,
    firstName: null,
    lastName: null,
    imageUrl: null,
    externalId: null,
    publicMetadata: {},
    privateMetadata: null,
    banned: false,
    locked: false,
    createdAt: null,
    lastSignInAt: null,
    lastActiveAt: null,
  } as unknown as UserSnapshot
}

async function holders(order: readonly UserSnapshot[]): Promise<Record<string, string | null>> {
  const { users } = memoryStore({ unique: ['email'] })
  for (const one of order) await users.apply(one)
  const rows = await users.all()
  return Object.fromEntries(rows.map(({ clerkId, email }) => [clerkId as string, email]))
}

describe('proof before version, where an address is unique', () => {
  const proven = snapshot('user_victim', 1_000, true)
  const claimed = snapshot('user_attacker', 2_000, false)

  test.each([
    ['after it', [proven, claimed]],
    ['before it', [claimed, proven]],
  ])(
    'a newer row with an unverified address takes nothing from the verified one that comes %s',
    async (_n, order) => {
      expect(await holders(order)).toEqual({ user_victim: EMAIL, user_attacker: null })
    },
  )

  test('of two that have proven it the newer one has it, in any order', async () => {
    const older = snapshot('user_1', 1_000, true)
    const newer = snapshot('user_2', 2_000, true)
    const wanted = { user_1: null, user_2: EMAIL }
    expect(await holders([older, newer])).toEqual(wanted)
    expect(await holders([newer, older])).toEqual(wanted)
  })

  test('who loses the proof loses the address to who has it', async () => {
    const lost = snapshot('user_victim', 3_000, false)
    const other = snapshot('user_other', 2_000, true)
    expect(await holders([proven, lost, other])).toEqual({ user_victim: null, user_other: EMAIL })
  })
})

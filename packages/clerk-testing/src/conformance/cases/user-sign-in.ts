import { type Bench, casesOf } from '../case.js'
import { expectEqual, expectFields, expectThat, sameId } from '../expect.js'
import { aPlainUser, aUser, DAY, T } from '../samples.js'

/** The switch as the store answers it and as the database holds it. */
async function switches({ users, probe }: Bench): Promise<unknown[]> {
  return [(await users.findByClerkId('user_ada'))?.isActive, (await probe.users())[0]?.isActive]
}

const expectSwitch = async (bench: Bench, isActive: boolean, fault: string) =>
  expectEqual(await switches(bench), [isActive, isActive], fault)

/** What Clerk says of a right to sign in: it has versions like every synced field. */
const synced = (field: 'banned' | 'deprovisioned', called: string) => ({
  id: `${field}-is-synced`,
  title: `that a user is ${called} belongs to the highest version, of equal ones to the later write; a lock is neither`,
  async run({ users, probe }: Bench) {
    const expectField = async (value: boolean, fault: string) => {
      expectFields(await users.findByClerkId('user_ada'), { [field]: value }, fault)
      expectFields((await probe.users())[0] ?? null, { [field]: value }, fault)
    }
    await users.apply(aUser({ [field]: true }))
    await expectField(true, `A new user who is ${called} was stored without it.`)
    await users.apply(aUser({ [field]: false, version: T + 1 }))
    await expectField(false, `A newer snapshot must end that a user is ${called}.`)
    await users.apply(aUser({ [field]: true, version: T + 1 }))
    await expectField(true, `That a user is ${called} was lost: the version is the same and the write later.`)
    await users.apply(aUser({ [field]: false, version: T }))
    await expectField(true, `A stale snapshot ended that a user is ${called}.`)
    await users.apply(aUser({ [field]: false, locked: true, version: T + 2 }))
    await expectField(false, `A lock is not what ${called} is: the user may still sign in.`)
  },
})

export const userSignInCases = casesOf('users', [
  synced('banned', 'banned'),
  synced('deprovisioned', 'withdrawn by a directory'),
  {
    id: 'new-rows-are-on',
    title: 'a new row is switched on, whatever Clerk says of its user',
    async run(bench) {
      await bench.users.apply(aUser({ banned: true, deprovisioned: true }))
      await expectSwitch(
        bench,
        true,
        "The application's switch must be on until the application turns it off.",
      )
    },
  },
  {
    id: 'switch-survives-apply',
    title: "the application's own switch survives every snapshot, a ban and its end included",
    async run(bench) {
      const { users, setActive } = bench
      const { user } = await users.apply(aUser())
      await setActive(user.id, false)
      for (const [version, change] of [
        [T + 1, { firstName: 'Augusta' }],
        [T + 1, { firstName: 'Again' }],
        [T + 2, { banned: true, deprovisioned: true }],
        [T + 3, { banned: false, deprovisioned: false }],
      ] as const) {
        await users.apply(aUser({ version, ...change }))
        await expectSwitch(bench, false, 'A sync switched on what the application had switched off.')
      }
      await setActive(user.id, true)
      await users.apply(aUser({ version: T + 4, banned: true, deprovisioned: true }))
      await expectSwitch(bench, true, 'A ban used the switch of the application.')
    },
  },
  {
    id: 'switch-survives-remove',
    title: "a removal, and a late update after it, leave the application's switch alone",
    async run(bench) {
      const { users, setActive } = bench
      const { user } = await users.apply(aUser())
      await users.remove('user_ada', T + 5)
      await expectSwitch(bench, true, 'A removal used the switch of the application.')
      await setActive(user.id, false)
      await users.remove('user_ada', T + 4)
      await users.apply(aUser({ version: T + 6 }))
      await expectSwitch(bench, false, 'An event about a deleted user switched the row on.')
    },
  },
  {
    id: 'switch-survives-purge',
    title: "a purge leaves the application's switch alone",
    needs: ['purge'],
    async run(bench) {
      const { users, purge, setActive } = bench
      const { user } = await users.apply(aUser())
      await setActive(user.id, false)
      await users.remove('user_ada', T)
      await purge(T + 1, T + 1000 * DAY)
      await expectSwitch(bench, false, 'A purge switched on what the application had switched off.')
    },
  },
  {
    id: 'switch-survives-link',
    title: "a link leaves the application's switch alone",
    needs: ['linking'],
    async run(bench) {
      const { linking, createLocalUser, setActive } = bench
      const local = await createLocalUser({ email: 'ada@example.com', emailVerified: true })
      await setActive(local, false)
      const [found] = await linking.findLinkable({ email: 'ada@example.com' })
      expectFields(found ?? null, { isActive: false }, 'findLinkable must show what canLink has to know.')
      const linked = await linking.link(found?.id, aUser())
      expectThat(sameId(linked?.id, local), 'link refused the row, or made another.')
      await expectSwitch(bench, false, 'A link switched on what the application had switched off.')
    },
  },
  {
    id: 'claims-leave-the-switch',
    title: 'claims that fill a bare row do not switch it on',
    async run(bench) {
      const { users, setActive } = bench
      const { id } = await users.remove('user_ada', T)
      await setActive(id, false)
      await users.apply(aPlainUser({ version: 0 }))
      await expectSwitch(bench, false, 'Claims switched on what the application had switched off.')
    },
  },
])

import { AssertionError } from 'node:assert'
import { externalIdOf, type UserRecord } from '@acme/clerk-core/store'
import { type Bench, type CaseDefinition, casesOf } from '../case.js'
import { expectEqual, expectFields, expectThat, foldAscii, sameId } from '../expect.js'
import { aPlainUser, aUser, T } from '../samples.js'

const localOf = async ({ probe }: Bench, id: unknown) => {
  const row = (await probe.users()).find((candidate) => sameId(candidate.id, id))
  expectThat(row !== undefined, 'The local row is gone.', id)
  return row
}

/** The id as the store answers it: `createLocalUser` may know it in another form. */
async function linkable({ linking }: Bench, email: string): Promise<UserRecord['id']> {
  const [row] = await linking.findLinkable({ email })
  expectThat(row !== undefined, `findLinkable does not find the local row of ${email}.`)
  return row.id
}

/** What `external_id` is at Clerk for a local row, by its id. */
async function externalId(bench: Bench, email: string): Promise<string> {
  const id = externalIdOf(await linkable(bench, email))
  expectThat(id !== null, 'The id of a row is neither text, a whole number nor an id with `toHexString`.')
  return id
}

/** A user who was imported with the local id, and has neither address nor anything else that could be unique. */
const imported = (externalId: string) => ({ ...aPlainUser(), externalId })

/** Texts that a database, a collation or JavaScript might take for this id. */
function otherExternalIds(id: string): readonly string[] {
  const swapped = [...id].map((letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  )
  return [
    ...[
      ` ${id}`,
      `${id} `,
      `${id}\n`,
      `0${id}`,
      `+${id}`,
      `-${id}`,
      `${id}.0`,
      `${id}e0`,
      `${id}abc`,
      `0x${id}`,
    ],
    ...[
      'abc',
      '%',
      '.*',
      '_'.repeat(id.length),
      '-1',
      '1.5',
      'NaN',
      'null',
      '9'.repeat(19),
      '9'.repeat(22),
      '9'.repeat(320),
    ],
    ...['00000000-0000-4000-8000-000000000000', 'ffffffffffffffffffffffff'],
    swapped.join(''),
  ].filter((other) => other !== id)
}

/** Pairs that some collation or pattern takes for equal. */
const pairs = [
  ['a_b@example.com', 'axb@example.com', '_ stands for any letter'],
  ['a%@example.com', 'abc@example.com', '% stands for any text'],
  ['jose@example.com', 'josé@example.com', 'accents are ignored'],
  ['ada@example.com', 'ada@example.com ', 'a space at the end is ignored'],
  ['a.d@example.com', 'abd@example.com', '. stands for any letter'],
  ['strasse@example.com', 'straße@example.com', 'ß is taken for ss'],
  ['ada@example.com', 'ada@example.com.evil.example', 'the beginning is enough'],
  ['kate@example.com', '\u212Aate@example.com', 'the Kelvin sign is taken for k'],
  ['(a+)+@example.com', 'aaaa@example.com', 'an address is used as a regular expression'],
] as const

/** Each pair in both directions, under names of their own: `asked` must not be found as `stored`. */
const lookalikes = pairs
  .flatMap(([one, other, why]) => [[one, other, why] as const, [other, one, why] as const])
  .map(([asked, stored, why], index) => ({ asked: `${index}${asked}`, stored: `${index}${stored}`, why }))

const definitions: readonly CaseDefinition[] = [
  {
    id: 'finds-in-any-case',
    title: 'a local row is found by its address in any case',
    async run({ linking, createLocalUser }: Bench) {
      const id = await createLocalUser({ email: 'Ada@Example.com', emailVerified: true })
      for (const email of ['ada@example.com', 'ADA@EXAMPLE.COM', 'Ada@Example.com']) {
        const rows = await linking.findLinkable({ email })
        expectEqual(
          rows.length,
          1,
          `The row of Ada@Example.com is not found as ${email}: case must not count.`,
        )
        expectThat(sameId(rows[0]?.id, id), 'Another row was found.')
        const expected = { clerkId: null, deletedAt: null, emailVerified: true, email: 'Ada@Example.com' }
        expectFields(rows[0] ?? null, expected, 'A linkable row shows something else than is stored.')
      }
      expectEqual(
        await linking.findLinkable({ email: 'nobody@example.com' }),
        [],
        'An unknown address found a row.',
      )
    },
  },
  {
    id: 'finds-exactly',
    title: 'an address is never a pattern, and never another address under some collation',
    async run({ linking, createLocalUser }) {
      for (const { asked, stored, why } of lookalikes) {
        await createLocalUser({ email: stored, emailVerified: true })
        const found = await linking.findLinkable({ email: asked })
        const wrong = found.filter(({ email }) => foldAscii(email ?? '') !== foldAscii(asked))
        expectEqual(wrong.length, 0, `findLinkable('${asked}') answers another address: ${why}.`)
      }
    },
  },
  {
    id: 'unverified-is-told',
    title: 'a local row whose address is unverified says so',
    async run({ linking, createLocalUser }) {
      await createLocalUser({ email: 'ada@example.com', emailVerified: false })
      const [row] = await linking.findLinkable({ email: 'ada@example.com' })
      expectFields(row ?? null, { emailVerified: false }, 'An unverified address is called verified.')
    },
  },
  {
    id: 'finds-local-rows-only',
    title: 'rows that have a clerkId, and deleted ones, are not linkable',
    async run({ users, linking, createLocalUser }) {
      await users.apply(aUser({ email: 'clerk@example.com' }))
      const ofClerk = await linking.findLinkable({ email: 'clerk@example.com' })
      expectEqual(ofClerk.length, 0, "Another Clerk user's row is offered for linking.")
      await createLocalUser({ email: 'gone@example.com', deletedAt: new Date(T) })
      const gone = await linking.findLinkable({ email: 'gone@example.com' })
      expectEqual(gone.length, 0, 'A deleted row is offered for linking.')
    },
  },
  {
    id: 'never-by-username',
    title: 'an equal username links nothing',
    async run({ users, linking, createLocalUser, probe }) {
      const id = await createLocalUser({ username: 'admin', email: 'root@example.com' })
      expectEqual(
        (await linking.findLinkable({ email: 'admin' })).length,
        0,
        'findLinkable looks at usernames.',
      )
      const { user } = await users.apply(aUser({ username: 'admin', email: 'mallory@example.com' }))
      expectThat(!sameId(user.id, id), 'A user took over a row because their usernames are equal.')
      expectEqual((await probe.users()).length, 2, 'apply must never link.')
    },
  },
  {
    id: 'apply-never-links',
    title: 'apply makes a row of its own beside a local row with the same address',
    async run(bench) {
      const id = await bench.createLocalUser({ email: 'ada@example.com', emailVerified: true })
      const { user } = await bench.users.apply(aUser())
      expectThat(!sameId(user.id, id), 'apply linked by itself: only core decides that.')
      expectFields(await localOf(bench, id), { clerkId: null }, 'apply linked a local row by itself.')
    },
  },
  {
    id: 'link-fills-the-row',
    title: "a link gives the local row the clerkId and Clerk's fields, and keeps its id",
    async run(bench) {
      const { users, linking, probe } = bench
      const id = await bench.createLocalUser({ email: 'Ada@example.com', emailVerified: true })
      const row = await linking.link(await linkable(bench, 'ada@example.com'), aUser())
      const fields = { clerkId: 'user_ada', email: 'ada@example.com', firstName: 'Ada', version: T }
      expectFields(row, { ...fields, isActive: true, deletedAt: null }, 'link answers the wrong row.')
      expectThat(sameId(row?.id, id), 'link made a new row.')
      expectFields(await localOf(bench, id), fields, 'The link is not in the database.')
      expectEqual((await probe.users()).length, 1, 'link made a new row.')
      const next = await users.apply(aUser({ version: T + 1, firstName: 'Augusta' }))
      expectEqual(next.outcome, 'updated', 'A linked row is not found by its clerkId.')
    },
  },
  {
    id: 'link-bans',
    title: 'what Clerk says of a banned or withdrawn user is linked too',
    async run(bench) {
      await bench.createLocalUser({ email: 'ada@example.com', emailVerified: true })
      const id = await linkable(bench, 'ada@example.com')
      const row = await bench.linking.link(id, aUser({ banned: true, deprovisioned: true }))
      expectFields(row, { banned: true, deprovisioned: true }, 'A ban was lost in linking.')
    },
  },
  {
    id: 'link-never-over-another',
    title: 'a row that has another clerkId is never linked',
    async run(bench) {
      const { linking, createLocalUser } = bench
      const local = await createLocalUser({ email: 'ada@example.com', emailVerified: true })
      const id = await linkable(bench, 'ada@example.com')
      await linking.link(id, aUser())
      const second = await linking.link(id, aUser({ clerkId: 'user_mallory', version: T + 9 }))
      expectEqual(second, null, "link took over another Clerk user's row.")
      const row = await localOf(bench, local)
      expectFields(row, { clerkId: 'user_ada', version: T }, "link changed another Clerk user's row.")
    },
  },
  {
    id: 'link-once-per-user',
    title: 'a user who has a row is not linked to another',
    async run(bench) {
      const { users, linking, createLocalUser } = bench
      const local = await createLocalUser({ email: 'ada@example.com', emailVerified: true })
      const id = await linkable(bench, 'ada@example.com')
      await users.apply(aUser({ email: 'first@example.com' }))
      const linked = await linking.link(id, aUser({ version: T + 1 }))
      expectEqual(linked, null, 'link must answer null when the user has a row already.')
      expectFields(await localOf(bench, local), { clerkId: null }, 'One user has two rows.')
    },
  },
  {
    id: 'link-not-deleted',
    title: 'a deleted or unknown row is not linked',
    async run(bench) {
      const { linking, createLocalUser, probe } = bench
      const gone = await createLocalUser({ email: 'ada@example.com', deletedAt: new Date(T) })
      expectEqual(await linking.link(gone, aUser()), null, 'A deleted row was linked.')
      expectFields(await localOf(bench, gone), { clerkId: null }, 'A deleted row was linked.')
      await bench.harness.reset()
      expectEqual(await linking.link(gone, aUser()), null, 'link answered a row that is not there.')
      expectEqual((await probe.users()).length, 0, 'link made a new row.')
    },
  },
  {
    id: 'link-address-changed',
    title: 'a row whose address is not that of the user any more is not linked',
    async run(bench) {
      const local = await bench.createLocalUser({ email: 'ada@example.com', emailVerified: true })
      const id = await linkable(bench, 'ada@example.com')
      const linked = await bench.linking.link(id, aUser({ email: 'other@example.com' }))
      const fault = 'A row was linked by an address that it does not have (any more).'
      expectEqual(linked, null, fault)
      expectFields(await localOf(bench, local), { clerkId: null }, fault)
    },
  },
  {
    id: 'link-exactly',
    title: 'a row is not linked by another address that some collation or alphabet takes for the same',
    async run(bench) {
      for (const { asked, stored, why } of lookalikes) {
        const local = await bench.createLocalUser({ email: stored, emailVerified: true })
        const linked = await bench.linking.link(await linkable(bench, stored), aUser({ email: asked }))
        const fault = `The row of ${stored} was given to the owner of ${asked}: ${why}.`
        expectEqual(linked, null, fault)
        expectFields(await localOf(bench, local), { clerkId: null, email: stored }, fault)
      }
    },
  },
  {
    id: 'external-id-finds',
    title: 'a local row is found by its id as an external id, with or without an address',
    async run(bench) {
      const { linking, createLocalUser, probe } = bench
      const local = await createLocalUser({ email: 'ada@example.com', emailVerified: false })
      const other = await createLocalUser({ email: 'grace@example.com' })
      const id = await externalId(bench, 'ada@example.com')
      const rows = await linking.findLinkable({ externalId: id })
      expectEqual(rows.length, 1, 'A local row is not found by its id.')
      expectThat(sameId(rows[0]?.id, local) && !sameId(rows[0]?.id, other), 'Another row was found.')
      const expected = { clerkId: null, deletedAt: null, emailVerified: false, email: 'ada@example.com' }
      expectFields(rows[0] ?? null, expected, 'A linkable row shows something else than is stored.')
      expectEqual((await probe.users()).length, 2, 'findLinkable made a row.')
    },
  },
  {
    id: 'external-id-exactly',
    title: 'an external id is exactly the id of the row, and one that no id can be finds nothing',
    async run(bench) {
      await bench.createLocalUser({ email: 'ada@example.com' })
      const id = await externalId(bench, 'ada@example.com')
      for (const other of otherExternalIds(id)) {
        const found = await bench.linking.findLinkable({ externalId: other }).catch((error: unknown) => {
          throw new AssertionError({
            message: `findLinkable failed for the external id "${other}": ${error}`,
          })
        })
        expectEqual(found.length, 0, `The external id "${other}" found the row whose id is ${id}.`)
      }
    },
  },
  {
    id: 'external-id-local-rows-only',
    title: 'rows that have a clerkId, and deleted ones, are not found by external id',
    async run(bench) {
      const { users, linking, createLocalUser } = bench
      const { user } = await users.apply(aPlainUser())
      const ofClerk = await linking.findLinkable({ externalId: externalIdOf(user.id) ?? '' })
      expectEqual(ofClerk.length, 0, "Another Clerk user's row is offered for linking.")
      const gone = await createLocalUser({ deletedAt: new Date(T) })
      const found = await linking.findLinkable({ externalId: externalIdOf(gone) ?? '' })
      expectEqual(found.length, 0, 'A deleted row is offered for linking.')
    },
  },
  {
    id: 'external-id-links',
    title: 'a user without an address is linked by external id, and the row keeps its id',
    async run(bench) {
      const { linking, probe } = bench
      const local = await bench.createLocalUser({ email: 'ada@example.com' })
      const id = await linkable(bench, 'ada@example.com')
      const snapshot = imported(await externalId(bench, 'ada@example.com'))
      const row = await linking.link(id, snapshot, 'external-id')
      const fields = { clerkId: 'user_ada', firstName: 'Ada', externalId: snapshot.externalId, version: T }
      expectFields(
        row,
        { ...fields, isActive: true, deletedAt: null },
        'A user without an address is not linked.',
      )
      expectThat(sameId(row?.id, local), 'link made a new row.')
      expectFields(await localOf(bench, local), fields, 'The link is not in the database.')
      expectEqual((await probe.users()).length, 1, 'link made a new row.')
      const again = await linking.link(id, { ...snapshot, clerkId: 'user_mallory' }, 'external-id')
      expectEqual(again, null, "link took over another Clerk user's row.")
    },
  },
  {
    id: 'external-id-links-exactly',
    title: 'a row is not linked by external id unless it has it, whatever its address is',
    async run(bench) {
      const local = await bench.createLocalUser({ email: 'ada@example.com', emailVerified: true })
      const id = await linkable(bench, 'ada@example.com')
      const text = await externalId(bench, 'ada@example.com')
      for (const other of [...otherExternalIds(text), null]) {
        const snapshot = { ...aUser(), externalId: other }
        const fault = `The row whose id is ${text} was given to the user with the external id ${other}.`
        expectEqual(await bench.linking.link(id, snapshot, 'external-id'), null, fault)
        expectFields(await localOf(bench, local), { clerkId: null }, fault)
      }
      const byAddress = await bench.linking.link(id, imported(text), 'verified-email')
      expectEqual(byAddress, null, 'A row was linked by an address that the user does not have.')
    },
  },
  {
    id: 'link-keeps-custom-columns',
    title: "a link leaves the application's own columns alone",
    needs: ['custom-columns'],
    async run(bench) {
      const local = await bench.createLocalUser({ email: 'ada@example.com', emailVerified: true })
      await bench.customColumn.write(local, 'dark')
      await bench.linking.link(await linkable(bench, 'ada@example.com'), aUser())
      expectEqual(await bench.customColumn.read(local), 'dark', "link changed the application's own column.")
    },
  },
]

export const userLinkingCases = casesOf(
  'users',
  definitions.map((definition) => ({
    ...definition,
    id: `linking/${definition.id}`,
    needs: ['linking', ...(definition.needs ?? [])],
  })),
)

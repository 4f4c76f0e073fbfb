import { type Bench, casesOf } from '../case.js'
import { expectEqual, expectRejection } from '../expect.js'
import { anOrganization, aPlainUser, T } from '../samples.js'

type List<R> = (page: { readonly after: string | null; readonly limit: number }) => Promise<R[]>

/** Every Clerk id of a list, page by page. */
async function idsOf(list: List<{ readonly clerkId: string | null }>, limit: number): Promise<unknown[]> {
  const ids: unknown[] = []
  for (let after: string | null = null, pages = 0; pages < 20; pages++) {
    const page: { readonly clerkId: string | null }[] = await list({ after, limit })
    ids.push(...page.map(({ clerkId }) => clerkId))
    after = page.at(-1)?.clerkId ?? null
    if (page.length < limit || after === null) return ids.sort()
  }
  return ['the pages do not end']
}

async function expectPages(list: List<{ readonly clerkId: string | null }>, expected: readonly string[]) {
  for (const limit of [1, 3, expected.length, 500]) {
    expectEqual(await idsOf(list, limit), [...expected].sort(), `Pages of ${limit} have other rows.`)
  }
  for (const limit of [0, 501, 1.5, Number.NaN]) {
    await expectRejection(
      () => list({ after: null, limit }),
      'StoreInputError',
      `A page of ${limit} was answered.`,
    )
  }
  const noId = { after: { $gt: '' } as never, limit: 1 }
  await expectRejection(() => list(noId), 'StoreInputError', 'A page after what is no id was answered.')
}

const NAMES = ['a', 'B', 'b2', 'c', 'Z', '_', '0'].map((name, index) => `${name}${index}`)

export const userListingCases = casesOf('users', [
  {
    id: 'list-pages',
    title: 'a list has every row with a Clerk id once, deleted ones too, and none of the application',
    needs: ['listing'],
    async run({ users, list, createLocalUser }: Bench) {
      await createLocalUser({ email: 'local@example.com' })
      const ids = NAMES.map((name) => `user_${name}`)
      for (const clerkId of ids) await users.apply(aPlainUser({ clerkId }))
      await users.remove('user_gone', T)
      await expectPages(list, [...ids, 'user_gone'])
    },
  },
  {
    id: 'find-many',
    title: 'rows are found by many ids at once, deleted ones too, and unknown ids are left out',
    needs: ['listing'],
    async run({ users, findMany }) {
      await users.apply(aPlainUser({ clerkId: 'user_a', firstName: 'A' }))
      await users.apply(aPlainUser({ clerkId: 'user_b', firstName: 'B' }))
      await users.remove('user_gone', T)
      const rows = await findMany(['user_b', 'user_unknown', 'user_gone', 'user_a', 'user_a'])
      const found = rows.map(({ clerkId, firstName }) => `${clerkId} ${firstName}`).sort()
      expectEqual(found, ['user_a A', 'user_b B', 'user_gone null'], 'Other rows were found.')
      expectEqual(await findMany([]), [], 'No ids found something.')
      const ids = Array.from({ length: 501 }, (_, index) => `user_${index}`)
      await expectRejection(() => findMany(ids), 'StoreInputError', 'More than 500 ids were taken.')
      const noId = () => findMany([{ $ne: null } as never])
      await expectRejection(noId, 'StoreInputError', 'What is no id was taken for one.')
    },
  },
])

export const organizationListingCases = casesOf('organizations', [
  {
    id: 'list-pages',
    title: 'a list has every organisation once, deleted ones too',
    needs: ['listing'],
    async run({ organizations, listOrganizations }) {
      const ids = NAMES.map((name) => `org_${name}`)
      for (const clerkId of ids)
        await organizations.applyOrganization(anOrganization({ clerkId, slug: null }))
      await organizations.removeOrganization('org_gone', T)
      await expectPages(listOrganizations, [...ids, 'org_gone'])
    },
  },
])

import { casesOf } from '../case.js'
import { canonical, expectEqual, expectThat, sameId } from '../expect.js'
import { aUser, T } from '../samples.js'

export const applicationColumnCases = casesOf('users', [
  {
    id: 'custom-columns-untouched',
    title: "columns of the application's own survive every sync",
    needs: ['custom-columns'],
    async run({ users, customColumn, probe }) {
      const { user } = await users.apply(aUser())
      await customColumn.write(user.id, 'dark')
      const still = async (step: string) =>
        expectEqual(await customColumn.read(user.id), 'dark', `${step} changed a column of the application.`)
      await users.apply(aUser({ version: T + 1, firstName: 'Augusta' }))
      await still('An update')
      await users.apply(aUser({ version: T + 1, firstName: 'Again' }))
      await still('A write of the same version')
      await users.remove('user_ada', T + 2)
      await still('A removal')
      await users.apply(aUser({ version: T + 3 }))
      await still('A late update')
      const rows = await probe.users()
      expectEqual(rows.length, 1, 'The row was replaced, its columns with it.')
    },
  },
  {
    id: 'local-rows-untouched',
    title: 'rows that Clerk does not know are left alone',
    async run({ users, createLocalUser, probe }) {
      const id = await createLocalUser({ email: 'local@example.com', emailVerified: true, username: 'local' })
      const before = (await probe.users()).find((row) => sameId(row.id, id))
      await users.apply(aUser())
      await users.remove('user_ada', T)
      const after = (await probe.users()).find((row) => sameId(row.id, id))
      expectThat(before !== undefined, 'The probe does not show the local row.')
      expectEqual(canonical(after), canonical(before), 'A sync of another user changed a local row.')
    },
  },
])

import { expect, test } from 'vitest'
import { maySignIn } from './sign-in.js'

const flags = [false, true]
const rows = flags.flatMap((isActive) =>
  flags.flatMap((banned) =>
    flags.flatMap((deprovisioned) =>
      [null, new Date(0)].map((deletedAt) => ({ isActive, banned, deprovisioned, deletedAt })),
    ),
  ),
)

test('of all rows only one that is switched on, and neither banned, withdrawn nor deleted, may sign in', () => {
  expect(rows).toHaveLength(16)
  expect(rows.filter(maySignIn)).toEqual([
    { isActive: true, banned: false, deprovisioned: false, deletedAt: null },
  ])
})

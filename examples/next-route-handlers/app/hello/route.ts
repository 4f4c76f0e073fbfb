import { handle } from '../../lib/clerk'

export const GET = handle(({ withAuth }) =>
  withAuth({}, (_request, { auth }) => Response.json({ hello: auth.user.firstName })),
)

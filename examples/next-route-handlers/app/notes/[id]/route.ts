import { handle } from '../../../lib/clerk'

interface Context {
  readonly params: Promise<{ id: string }>
}

export const GET = handle(({ withAuth }) =>
  withAuth({}, async (_request, { auth }, { params }: Context) =>
    Response.json({ note: (await params).id, of: auth.user.firstName }),
  ),
)

export const DELETE = handle(({ withAuth }) =>
  withAuth({ org: true, role: 'admin' }, async (_request, { auth }, { params }: Context) =>
    Response.json({ deleted: (await params).id, in: auth.orgId }),
  ),
)

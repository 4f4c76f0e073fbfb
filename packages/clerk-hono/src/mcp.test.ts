import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerMcp, isWrite, mcpTests, WRITE } from '@acme/adapter-suite'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { authOf, requireAuth, toMcpAuthInfo } from './index.js'
import { build, honoBinding, listen } from './testing/app.js'

mcpTests({
  ...honoBinding,
  start: (spec) => listen(build(spec).post('/mcp', requireAuth({ machine: ['oauth'] }), mcp)),
})

async function mcp(c: Context): Promise<Response> {
  const body: unknown = await c.req.json()
  const { incoming, outgoing } = c.env as { incoming: IncomingMessage; outgoing: ServerResponse }
  const answer = async () => {
    await answerMcp(incoming, outgoing, body, toMcpAuthInfo(authOf(c, { machine: ['oauth'] })))
  }
  if (isWrite(body)) {
    const refused = await requireAuth(WRITE)(c as never, answer)
    if (refused instanceof Response) return refused
  } else await answer()
  return RESPONSE_ALREADY_SENT
}

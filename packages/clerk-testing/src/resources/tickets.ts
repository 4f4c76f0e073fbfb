import { action } from '../server/api.js'
import { collection } from '../server/collection.js'
import { BackendError, invalidParameter, notFound } from '../server/errors.js'
import { type IdPrefix, newId } from './ids.js'
import { type Instance, type Loose, type Ticket, touch } from './instance.js'
import type { JwtTemplateJSON } from './json.js'
import { findUser } from './users.js'

// One-time tokens that sign a user in by a link: sign-in tokens, actor tokens (an administrator acts for the user), tasks of agents.

interface NewTicket {
  object: string
  idPrefix: IdPrefix
  userId: string
  seconds: number
  actor?: Record<string, unknown>
}

async function createTicket(instance: Instance, given: NewTicket): Promise<Ticket> {
  if (!instance.state.users.has(given.userId)) throw notFound('user')
  const now = instance.now()
  const id = newId(given.idPrefix)
  const expires_at = now + given.seconds * 1000
  const { issuer } = instance.issuer
  const claims = {
    eid: id,
    iss: issuer,
    sub: given.userId,
    st: given.object,
    exp: Math.floor(expires_at / 1000),
  }
  const token = await instance.issuer.sign(claims, { cat: 'cl_B7d4PD222AAA' })
  const ticket: Ticket = {
    id,
    object: given.object,
    user_id: given.userId,
    token,
    status: 'pending',
    url: `${instance.url}/v1/tickets/accept?ticket=${token}`,
    expires_at,
    actor: given.actor ?? null,
    created_at: now,
    updated_at: now,
  }
  instance.state.tickets.set(id, ticket)
  return ticket
}

function revoke(instance: Instance, id: string | undefined, object: string): Ticket {
  const ticket = instance.state.tickets.get(id ?? '')
  if (ticket?.object !== object) throw notFound(object.replaceAll('_', ' '))
  if (ticket.status !== 'pending') {
    throw new BackendError(400, `${object}_cannot_be_revoked_code`, 'cannot be revoked', {
      longMessage: `The ${object.replaceAll('_', ' ')} is ${ticket.status}.`,
    })
  }
  ticket.status = 'revoked'
  touch(instance, ticket)
  return ticket
}

/**
 * Uses a ticket up. `undefined` when it is used, revoked, expired or unknown. `admit` throws where its user may not sign
 * in, which leaves the ticket as it is.
 */
export function redeemTicket(
  instance: Instance,
  token: string,
  admit: (userId: string) => void = () => {},
): Ticket | undefined {
  const ticket = [...instance.state.tickets.values()].find((one) => one.token === token)
  if (ticket?.status !== 'pending' || ticket.expires_at <= instance.now()) return undefined
  admit(ticket.user_id)
  ticket.status = 'accepted'
  touch(instance, ticket)
  return ticket
}

interface NewTask {
  on_behalf_of: { user_id?: string; identifier?: string }
  agent_name: string
  session_max_duration_in_seconds?: number
}

const taskJson = (ticket: Ticket) => ({
  object: 'agent_task',
  agent_id: ticket.actor?.sub,
  agent_task_id: ticket.id,
  task_id: ticket.id,
  url: ticket.url,
})

// JWT templates

const reserved = ['iss', 'sub', 'iat', 'exp', 'nbf', 'azp', 'jti', 'sid']

const assertTemplate = ({ body }: { body: Partial<JwtTemplateJSON> }) => {
  if (body.custom_signing_key === true) {
    throw invalidParameter(
      'custom_signing_key',
      'false: the offline Clerk signs every template with its own key',
    )
  }
  if (typeof body.lifetime === 'number' && (body.lifetime < 30 || body.lifetime > 315_360_000)) {
    throw invalidParameter('lifetime', 'between 30 and 315360000')
  }
  // Clerk reserves what says whose token it is.
  const claim = reserved.find((name) => body.claims && Object.hasOwn(body.claims, name))
  if (claim) throw invalidParameter('claims', `without the reserved claim "${claim}"`)
}

const templates = collection<JwtTemplateJSON>({
  path: '/jwt_templates',
  table: 'jwtTemplates',
  schema: 'JWTTemplate',
  idPrefix: 'jtmp',
  noun: 'JWT template',
  unique: ['name'],
  create(template, call) {
    assertTemplate(call)
    template.lifetime ||= 60
    template.allowed_clock_skew ||= 5
    template.signing_algorithm = 'RS256'
  },
  update(template, call) {
    assertTemplate(call)
    const { signing_key: _, ...fields } = call.body as Partial<JwtTemplateJSON> & { signing_key?: string }
    Object.assign(template, fields, { signing_algorithm: 'RS256' })
  },
})

// Sign-ups that began in a browser

export const signUps = collection<Loose>({
  path: '/sign_ups',
  table: 'signUps',
  schema: 'SignUp',
  idPrefix: 'sua',
  noun: 'sign up',
})

export const ticketOperations = [
  action<{ user_id: string; expires_in_seconds?: number | null }>('CreateSignInToken', ({ instance, body }) =>
    createTicket(instance, {
      object: 'sign_in_token',
      idPrefix: 'sit',
      userId: body.user_id,
      seconds: body.expires_in_seconds ?? 2_592_000,
    }),
  ),
  action('RevokeSignInToken', ({ instance, path }) =>
    revoke(instance, path.sign_in_token_id, 'sign_in_token'),
  ),
  action<{ user_id: string; actor: Record<string, unknown>; expires_in_seconds?: number }>(
    'CreateActorToken',
    ({ instance, body }) =>
      createTicket(instance, {
        object: 'actor_token',
        idPrefix: 'act',
        userId: body.user_id,
        seconds: body.expires_in_seconds ?? 3600,
        actor: body.actor,
      }),
  ),
  action('RevokeActorToken', ({ instance, path }) => revoke(instance, path.actor_token_id, 'actor_token')),
  action<NewTask>('CreateAgentTask', async ({ instance, body }) => {
    const { user_id, identifier = '' } = body.on_behalf_of
    const user = findUser(instance, user_id ?? identifier)
    if (!user) throw notFound('user')
    const ticket = await createTicket(instance, {
      object: 'agent_task',
      idPrefix: 'agt',
      userId: user.id,
      seconds: body.session_max_duration_in_seconds ?? 1800,
      actor: { sub: `agent_${body.agent_name.toLowerCase().replaceAll(/\W+/g, '_')}`, type: 'agent' },
    })
    return taskJson(ticket)
  }),
  action('RevokeAgentTask', ({ instance, path }) =>
    taskJson(revoke(instance, path.agent_task_id, 'agent_task')),
  ),
  ...templates.bindings,
  ...signUps.bindings,
]

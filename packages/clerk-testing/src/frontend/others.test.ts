import { expect, onTestFinished, test } from 'vitest'
import { startClerk } from '../index.js'
import { PageClient } from '../testing/page-client.js'
import { pageOperations } from './index.js'
import type { PageOperation } from './operation.js'

const password = 'correct horse'

/** Something that would be accepted of whoever may ask, for every parameter that an operation takes. */
const GIVEN: Readonly<Record<string, string>> = {
  active_organization_id: '',
  code: '424242',
  current_password: password,
  email_address: 'further@example.com',
  name: 'Taken over',
  new_password: 'a new password',
  password,
  role: 'org:admin',
  strategy: 'email_code',
  unsafe_metadata: '{"taken":"over"}',
}

async function setUp() {
  const offline = await startClerk({
    seed: {
      users: ['ada', 'joan', 'mallory'].map((name) => ({ emailAddress: `${name}@example.com`, password })),
    },
  })
  onTestFinished(() => offline.stop())
  const signIn = async (name: string) => {
    const page = new PageClient(offline.url)
    const { response, client } = await page.ask('POST', '/client/sign_ins', {
      strategy: 'password',
      identifier: `${name}@example.com`,
      password,
    })
    return { page, session: response.created_session_id as string, id: client.sessions[0].user.id as string }
  }
  const [ada, joan, mallory] = [await signIn('ada'), await signIn('joan'), await signIn('mallory')]
  const organization = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
  offline.addMember(organization, joan.id, 'org:member')
  const invitation = offline.inviteMember(organization, 'grace@example.com', 'org:admin')
  const begun = async (path: string, fields: Record<string, string>) =>
    (await ada.page.ask('POST', path, fields)).response.id as string
  const ids: Readonly<Record<string, string>> = {
    email_id: offline.getUser(ada.id).email_addresses[0]?.id ?? '',
    invitation_id: invitation.id,
    organization_id: organization.id,
    session_id: ada.session,
    sign_in_id: await begun('/client/sign_ins', { identifier: 'joan@example.com' }),
    sign_up_id: await begun('/client/sign_ups', { email_address: 'new@example.com' }),
    template_name: 'any',
    user_id: ada.id,
  }
  const ask = async (page: PageClient, { method, path, parameters = {} }: PageOperation) => {
    const fields = Object.keys(parameters).flatMap((name) => {
      const value = name === 'user_id' ? ids[name] : GIVEN[name]
      return value === undefined ? [] : [[name, value] as const]
    })
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'missing')
    const { status } = await page.fetch(method, target, Object.fromEntries(fields))
    return status
  }
  /** Everything, but when something was last seen. */
  const state = () =>
    JSON.parse(
      JSON.stringify(offline.snapshot().state, (name, value) =>
        ['last_active_at', 'updated_at'].includes(name) ? undefined : value,
      ),
    ) as Record<string, unknown>
  return { ada, joan, mallory, ask, state }
}

const naming = pageOperations.filter(({ path }) => path.includes('{'))

test('no operation that names something reads or changes what is of another browser, user or organisation', async () => {
  const { mallory, ask, state } = await setUp()
  const before = state()
  for (const operation of naming) {
    const name = `${operation.method} ${operation.path}`
    expect([name, await ask(mallory.page, operation)]).toEqual([name, expect.toSatisfy(isRefusal)])
    expect([name, state()]).toEqual([name, before])
  }
})

test('a member without a right to it changes nothing of the organisation', async () => {
  const { joan, ask, state } = await setUp()
  const before = state()
  const changing = naming.filter(({ method, path }) => path.startsWith('/organizations/') && method !== 'GET')
  expect(changing.length).toBeGreaterThan(8)
  for (const operation of changing) {
    const name = `${operation.method} ${operation.path}`
    expect([name, await ask(joan.page, operation)]).toEqual([name, 403])
    expect([name, state()]).toEqual([name, before])
  }
})

const isRefusal = (status: number) => status === 403 || status === 404

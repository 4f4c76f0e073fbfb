import { startClerk } from '@acme/clerk-testing'
import { expect, it, onTestFinished } from 'vitest'
import { resolveOptions } from '../../configure.js'
import { createClerkApi } from '../../domain/backend-api/create-clerk-api.js'
import type { SessionRecord } from '../../domain/session/record.js'
import { createSessionStatusClient } from '../../domain/session/session-status-client.js'
import { fromEnv } from '../../env.js'
import { createObserver } from '../../ground/observe/observer.js'
import { createRevalidate } from './revalidate.js'

it('plans and features of an organisation do not follow a session that has left it', async () => {
  const offline = await startClerk({ now: () => 1_800_000_000_000 })
  onTestFinished(() => offline.stop())
  const options = resolveOptions({ ...fromEnv(offline.env), now: offline.now })
  const api = createClerkApi(options, createObserver(options.now))
  const sessionStatus = createSessionStatusClient({ api, allowPending: false, now: options.now })
  const revalidate = createRevalidate({ sessionStatus, organizations: null })
  const ada = offline.createUser()
  const session = offline.createSession(ada)
  const record: SessionRecord = {
    ...{ v: 2, iss: offline.issuer, aud: null, azp: null, azpMissing: null, sts: 'active' },
    ...{ sub: ada.id, sid: session.id, checkedAt: 1, asOf: 1, tokenAt: 1 },
    org: { id: 'org_left', role: 'org:admin', slug: null, per: null, fpm: null, permissions: [] },
    ...{ pla: 'o:pro,u:basic', fea: 'o:reports,uo:notes', fva: null, act: null, claims: null },
  }
  expect(await revalidate(record)).toMatchObject({
    kind: 'active',
    record: { org: null, pla: 'u:basic', fea: 'u:notes' },
  })
})

// A process that uses everything a clerk has, closes it, and ends by itself when nothing keeps it. Arguments: URL and keys of
// the offline Clerk, and `hang` where its stores are to hang.
import { createClerk } from '../src/create-clerk.js'
import { memoryStore } from '../src/domain/store/memory/memory-store.js'

const [apiUrl = '', publishableKey = '', secretKey = '', bearer = '', how = ''] = process.argv.slice(2)
const stores = memoryStore()
const hangs = { now: false }
const never = new Promise<never>(() => undefined)
const hanging = <S extends object>(store: S): S =>
  new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => (hangs.now ? never : Reflect.apply(member, target, args))
    },
  })
const clerk = createClerk({
  apiUrl,
  publishableKey,
  secretKey,
  authorizedParties: 'any',
  webhookSecrets: [`whsec_${Buffer.alloc(24, 7).toString('base64')}`],
  store: { timeoutSeconds: 0.5 },
  users: hanging(stores.users),
  organizations: hanging(stores.organizations),
  inbox: hanging(stores.inbox),
})
await clerk.ready()
const authorization = `Bearer ${bearer}`
const auth = await clerk.authenticate({ authorization, method: 'GET' })
clerk.watch(auth).onEnd(() => undefined)
hangs.now = how === 'hang'
const done: string[] = []
const begin = (name: string, work: Promise<unknown>) => {
  const note = () => void done.push(name)
  work.then(note, note)
}
begin('users', clerk.users.get('user_1'))
begin('sign-out', clerk.signOut('sess_1'))
begin('api', clerk.api.countUsers())
begin('check', clerk.check())
begin(
  'listing',
  (async () => {
    for await (const _user of clerk.api.eachUser()) break
  })(),
)
begin('authenticate', clerk.authenticate({ authorization, method: 'GET' }))
const begun = performance.now()
await clerk.close()
process.stdout.write(
  `${JSON.stringify({ kind: auth.kind, done: done.sort(), closedAfterMs: performance.now() - begun })}\n`,
)

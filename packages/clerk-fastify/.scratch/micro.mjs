import { createClerk, memoryStore, credentialsFrom } from '@acme/clerk-core'
import { startClerk } from '@acme/clerk-testing'
const offline = await startClerk()
const clerk = createClerk({ publishableKey: offline.publishableKey, secretKey: offline.secretKey, apiUrl: offline.url, authorizedParties: ['http://localhost:3000'], ...memoryStore() })
const u = offline.createUser({ emailAddress: ['a@b.co'] })
const s = offline.createSession(u)
const token = await offline.token(s, { options: { ttlSeconds: 3600 } })
const headers = { host: 'x', authorization: 'Bearer ' + token, connection: 'keep-alive' }
console.log((await clerk.authenticate({ authorization: headers.authorization, method: 'GET' })).kind)
function run(name, n, f) { for (let i = 0; i < 20000; i++) f(); const t = process.hrtime.bigint(); for (let i = 0; i < n; i++) f(); const ns = Number(process.hrtime.bigint() - t) / n; console.log(name, ns.toFixed(0), 'ns') }
let x
for (let k = 0; k < 3; k++) {
run('bearer', 300000, () => { x = clerk.authenticateNow(credentialsFrom(headers, 'GET')) ; if (x instanceof Promise) throw 1 })
run('anonymous', 300000, () => { x = clerk.authenticateNow(credentialsFrom({ host: 'x' }, 'GET')) })
run('credentials only', 300000, () => { x = credentialsFrom(headers, 'GET') })
}
await offline.stop(); await clerk.close()
process.exit()

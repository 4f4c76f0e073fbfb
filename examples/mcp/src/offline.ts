import { parseArgs } from 'node:util'
import { startClerk } from '@acme/clerk-testing'
import { start } from './app.js'
import { callTool, createProvider } from './walk.js'

// The server with an offline Clerk: `node dist/offline.js`, and with `--walk` the official client too, which then ends.
const { values } = parseArgs({
  options: { walk: { type: 'boolean' }, port: { type: 'string', default: '4000' } },
})
const url = `http://127.0.0.1:${values.port}/mcp`
const offline = await startClerk()
const ada = offline.createUser({ firstName: 'Ada', emailAddress: ['ada@example.com'] })
const { server, stop } = await start({ ...offline.env, MCP_URL: url })
await new Promise<void>((resolve) => server.listen(Number(values.port), '127.0.0.1', resolve))
console.log(`MCP server: ${url}`)
console.log(`Sign in as ada@example.com at ${offline.url}, the offline Clerk.`)

const end = () => stop().then(() => offline.stop())
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end())

if (values.walk) {
  const provider = createProvider('http://127.0.0.1:4999/callback', (page) => offline.consent(page, ada))
  const said = (step: string) => console.log(`- ${step}`)
  await callTool(url, provider, { name: 'list_notes' }, said)
  await callTool(url, provider, { name: 'add_note', arguments: { text: 'Call Charles' } }, said)
  await callTool(url, provider, { name: 'list_notes' }, said)
  await end()
}

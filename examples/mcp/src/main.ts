import { start } from './app.js'

// node --env-file=.env dist/main.js
const { server, stop } = await start(process.env)
// In a container HOST=0.0.0.0: its network reaches nothing else.
server.listen(Number(process.env['PORT'] ?? 4000), process.env['HOST'] ?? '127.0.0.1', () =>
  console.log('The MCP server listens', server.address()),
)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())

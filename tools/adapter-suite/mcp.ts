import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { McpAuthInfo } from '@acme/clerk-core/adapter'
import { startClerk } from '@acme/clerk-testing'
import { type AdapterBinding, createHarness } from '@acme/clerk-testing/adapters'
import { type OAuthClientProvider, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { describe, expect, onTestFinished, test } from 'vitest'

/** The tool that has to be allowed by the user on its own. */
export const WRITE = { machine: ['oauth'], oauth: { scopes: ['notes:write'] } } as const
export const isWrite = (body: unknown): boolean =>
  [body].flat().some((message) => {
    const { method, params } = message as { method?: string; params?: { name?: string } }
    return method === 'tools/call' && params?.name === 'write'
  })

/** An MCP server with two tools, for one request: it keeps nothing. */
export async function answerMcp(
  req: IncomingMessage,
  res: ServerResponse,
  body: unknown,
  auth: McpAuthInfo,
): Promise<void> {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  const say = (text: string) => ({ content: [{ type: 'text' as const, text }] })
  server.registerTool('read', { description: 'Who is asking' }, (extra) => {
    const { clientId, scopes, extra: more } = extra.authInfo ?? { clientId: '', scopes: [] }
    return say(JSON.stringify({ clientId, scopes, userId: more?.userId }))
  })
  server.registerTool('write', { description: 'Writes a note' }, () => say('written'))
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true } as never)
  res.on('close', () => void server.close())
  await server.connect(transport as never)
  await transport.handleRequest(Object.assign(req, { auth }), res, body)
}

/** The official client finds its way from a 401 to a tool, and from a 403 to the scope that it lacks. */
export function mcpTests(binding: AdapterBinding): void {
  describe(`${binding.name}: the official MCP client`, () => {
    test('discovers, registers, gets a token for this server, calls a tool, and steps up for another', async () => {
      const { offline, url, adaId } = await open(binding)
      const allowed: URL[] = []
      const provider = memoryProvider((authorization) => {
        allowed.push(authorization)
        return offline.consent(authorization, adaId)
      })
      expect(await attempt(url, provider, 'read')).toBe('asked')
      expect(await attempt(url, provider, 'read')).toEqual({
        clientId: provider.clientInformation()?.client_id,
        scopes: ['notes:read'],
        userId: adaId,
      })
      // Told by the 403 which scope it needs, it asks the user for it.
      expect(await attempt(url, provider, 'write')).toBe('asked')
      expect(await attempt(url, provider, 'write')).toBe('written')
      expect(allowed.map(({ searchParams }) => searchParams.get('resource'))).toEqual([url, url])
      expect(allowed[1]?.searchParams.get('scope')).toContain('notes:write')
    })

    test('has nothing where the user denies, or where its token is for another server', async () => {
      const { offline, url, adaId } = await open(binding)
      const provider = memoryProvider((authorization) => offline.consent(authorization, adaId, 'deny'))
      await expect(attempt(url, provider, 'read')).rejects.toThrow('access_denied')
      const { token } = offline.createOAuthToken({
        user: adaId,
        tokenFormat: 'jwt',
        resource: 'https://other.example/mcp',
        scopes: ['notes:read', 'notes:write'],
      })
      const stolen = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
      expect(stolen.status).toBe(401)
      expect(stolen.headers.get('www-authenticate')).toMatch(/error="invalid_token".*resource_metadata="http/)
    })
  })
}

/** `'asked'`: the client had to ask the user first, and now has what it was given. */
async function attempt(url: string, provider: Provider, tool: string): Promise<unknown> {
  const client = new Client({ name: 'suite', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider })
  onTestFinished(() => client.close())
  try {
    await client.connect(transport as never)
    const { content } = await client.callTool({ name: tool })
    const [{ text } = { text: '' }] = content as { text: string }[]
    return tool === 'read' ? JSON.parse(text) : text
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error
    await transport.finishAuth(await provider.code())
    return 'asked'
  }
}

interface Provider extends OAuthClientProvider {
  clientInformation(): { client_id: string } | undefined
  code(): Promise<string>
}

function memoryProvider(ask: (authorization: URL) => Promise<URL>): Provider {
  let information: { client_id: string } | undefined
  let tokens: Awaited<ReturnType<OAuthClientProvider['tokens']>>
  let verifier = ''
  let code: Promise<string> = Promise.reject(new Error('nobody was asked'))
  code.catch(() => undefined)
  return {
    redirectUrl: 'http://127.0.0.1:1/callback',
    clientMetadata: {
      client_name: 'Suite',
      redirect_uris: ['http://127.0.0.1:1/callback'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => information,
    saveClientInformation: (saved) => {
      information = saved
    },
    tokens: () => tokens,
    saveTokens: (saved) => {
      tokens = saved
    },
    redirectToAuthorization: (url) => {
      code = ask(url).then(({ searchParams }) => {
        const given = searchParams.get('code')
        if (given === null) throw new Error(String(searchParams.get('error')))
        return given
      })
      code.catch(() => undefined)
    },
    saveCodeVerifier: (saved) => {
      verifier = saved
    },
    codeVerifier: () => verifier,
    code: () => code,
  }
}

/** The application behind a proxy that listens first: its own URL is part of its options. */
async function open(binding: AdapterBinding) {
  const offline = await startClerk()
  let target = ''
  const proxy = createServer((req, res) => {
    const forwarded = httpRequest(
      `${target}${req.url}`,
      { method: req.method, headers: req.headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(res)
      },
    )
    forwarded.on('error', () => res.destroy())
    req.pipe(forwarded)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => proxy.once('listening', resolve))
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`
  const harness = await createHarness(offline, {
    accept: { oauth: { resource: url, scopes: ['notes:read'] } },
  })
  const app = await binding.start({
    clerk: harness.clerk,
    other: harness.clerk,
    sessions: 'none',
    bodyParser: 'none',
    routes: {},
    webhook: {},
    audit: () => undefined,
    trustProxy: false,
    resource: { scopes: ['notes:read', 'notes:write'] },
  })
  target = app.origin
  onTestFinished(async () => {
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
    await app.stop()
    await harness.close()
    await offline.stop()
  })
  return { offline, url, adaId: harness.ada.id }
}

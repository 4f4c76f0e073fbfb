import { type OAuthClientProvider, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

/** What the person at the browser does with the consent page; resolves with where the browser is sent back to. */
type Ask = (authorization: URL) => Promise<URL>

/**
 * Calls a tool as an assistant does, with the official client: without a token it discovers where to get one, registers,
 * asks its user and comes back; where a scope is missing it asks again.
 *
 * @param url of the MCP server
 * @param said is told each step
 */
export async function callTool(
  url: string,
  provider: AssistantProvider,
  tool: { readonly name: string; readonly arguments?: Record<string, unknown> },
  said: (step: string) => void = () => {},
): Promise<string> {
  // Once for a token, once more for the scope.
  for (let attempt = 1; ; attempt++) {
    const client = new Client({ name: 'assistant', version: '1.0.0' })
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider })
    try {
      await client.connect(transport)
      const { content } = await client.callTool(tool)
      const [first] = content as { text?: string }[]
      said(`${tool.name}: ${first?.text}`)
      return first?.text ?? ''
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || attempt > 2) throw error
      const code = await provider.answer()
      said(`the user allows: ${provider.asked}`)
      await transport.finishAuth(code)
    } finally {
      await client.close()
    }
  }
}

export interface AssistantProvider extends OAuthClientProvider {
  /** The code that the user's browser has brought back. @throws {Error} where the user has said no */
  answer(): Promise<string>
  /** The scopes that the user was asked for last. */
  readonly asked: string
}

/** What an assistant remembers of one server: who it is there, and its tokens. In memory; a real one stores them. */
export function createProvider(redirectUrl: string, ask: Ask): AssistantProvider {
  let authorization: URL | undefined
  let information: ReturnType<OAuthClientProvider['clientInformation']>
  let tokens: ReturnType<OAuthClientProvider['tokens']>
  let verifier = ''
  return {
    redirectUrl,
    clientMetadata: {
      client_name: 'Assistant',
      redirect_uris: [redirectUrl],
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
    saveCodeVerifier: (saved) => {
      verifier = saved
    },
    codeVerifier: () => verifier,
    redirectToAuthorization: (url) => {
      authorization = url
    },
    get asked() {
      return authorization?.searchParams.get('scope') ?? ''
    },
    async answer() {
      if (authorization === undefined) throw new Error('The user was not asked')
      const { searchParams } = await ask(authorization)
      const code = searchParams.get('code')
      if (code === null) throw new Error(`The user said no: ${searchParams.get('error')}`)
      return code
    },
  }
}

import { createHash } from 'node:crypto'
import type { Problems } from '../../ground/options/problems.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import {
  checkMachineSecretKey,
  checkPublishableKey,
  checkSecretKey,
  checkUrl,
  isLoopback,
  isPlaceholder,
} from '../../ground/options/values.js'
import { checkPem } from './pem.js'

const API_URL = 'https://api.clerk.com'

type KeyOptions = {
  readonly [name in
    | 'secretKey'
    | 'publishableKey'
    | 'machineSecretKey'
    | 'jwtKey'
    | 'jwksUrl'
    | 'issuer'
    | 'apiUrl'
    | 'proxyUrl']?: string | undefined
}

export interface ResolvedKeys
  extends Pick<ResolvedOptions, 'secretKey' | 'publishableKey' | 'machineSecretKey' | 'apiUrl'> {
  /** `null` only together with a problem. */
  readonly keys: ResolvedOptions['keys'] | null
  readonly issuer: string | null
}

/**
 * Keys: `jwtKey`, else `jwksUrl`, else the public set of `publishableKey`, else the Backend API's. A `proxyUrl` stands in the
 * place of the frontend API that the publishable key names, which often has no name in DNS then. Behind a proxy that may be
 * this very application, the Backend API comes first.
 */
export function resolveKeys(options: KeyOptions, problems: Problems): ResolvedKeys {
  const secretKey = problems.text('secretKey', options.secretKey, checkSecretKey)
  const machineSecretKey = problems.text('machineSecretKey', options.machineSecretKey, checkMachineSecretKey)
  const publishable = problems.text('publishableKey', options.publishableKey, checkPublishableKey)
  const pem = problems.text('jwtKey', options.jwtKey, checkPem)
  const jwksUrl = problems.text('jwksUrl', options.jwksUrl, checkUrl)
  const apiUrl = (problems.text('apiUrl', options.apiUrl, checkUrl) ?? API_URL).replace(/\/v1$/, '')
  const proxyUrl = problems.text('proxyUrl', options.proxyUrl, checkUrl)
  const frontend = proxyUrl ?? (publishable && frontendUrl(publishable.host))
  const backendJwks = `${apiUrl}/v1/jwks`

  const issuer =
    problems.text('issuer', options.issuer, checkUrl) ??
    frontend ??
    (jwksUrl === null || jwksUrl === backendJwks ? null : new URL(jwksUrl).origin)

  if (secretKey !== null && publishable !== null && secretKey.slice(3, 7) !== publishable.key.slice(3, 7)) {
    problems.add(
      'secretKey',
      'and `publishableKey` are of different instances (one is `test`, the other `live`).',
      'Copy both from the same page of the Clerk dashboard → API keys.',
    )
  }
  let keys: ResolvedOptions['keys'] | null = null
  if (pem !== null) keys = { kind: 'pem', pem }
  else if (jwksUrl !== null)
    keys = { kind: 'jwks', url: jwksUrl, secretKey: jwksUrl === backendJwks ? secretKey : null }
  else if (frontend !== null && (proxyUrl === null || secretKey === null))
    keys = { kind: 'jwks', url: `${frontend}/.well-known/jwks.json`, secretKey: null }
  else if (secretKey !== null) keys = { kind: 'jwks', url: backendJwks, secretKey }

  // A malformed value has been reported already; that it is therefore missing would be a second, false problem.
  const mentioned = ['jwtKey', 'jwksUrl', 'publishableKey', 'secretKey', 'proxyUrl'] as const
  if (keys === null && mentioned.every((name) => isMissing(options[name]))) {
    problems.add(
      'publishableKey',
      'is missing, and so is every other source of keys.',
      'Set CLERK_PUBLISHABLE_KEY (or `jwtKey`, `jwksUrl`, or `secretKey` with `issuer`).',
    )
  } else if (
    issuer === null &&
    isMissing(options.issuer) &&
    isMissing(options.publishableKey) &&
    isMissing(options.proxyUrl)
  ) {
    problems.add(
      'issuer',
      'is missing and cannot be derived.',
      'Set CLERK_PUBLISHABLE_KEY, or `issuer` to the frontend API (`https://clerk.example.com`), the `iss` of its tokens.',
    )
  }
  return { secretKey, machineSecretKey, publishableKey: publishable?.key ?? null, apiUrl, keys, issuer }
}

/** `http:` is what a loopback frontend API speaks: an offline Clerk for development and tests. */
function frontendUrl(host: string): string {
  const { hostname } = new URL(`http://${host}`)
  return `${isLoopback(hostname) ? 'http' : 'https'}://${host}`
}

/** Clerk names its cookies after the publishable key, so that several instances can share a host. */
export function cookieSuffix(publishableKey: string): string {
  return createHash('sha1').update(publishableKey).digest('base64url').slice(0, 8)
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && isPlaceholder(value))
}

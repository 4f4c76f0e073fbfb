import type { Invalidation } from './domain/changes/invalidation.js'
import type { Inbox } from './domain/store/inbox.js'
import type { MembershipRecord, OrganizationRecord, OrganizationStore } from './domain/store/organization.js'
import type { LinkBy, UserRecord, UserStore } from './domain/store/user.js'
import type { CanLink, ClaimsToUser } from './domain/users/policy.js'
import type { ClerkLogger } from './ground/observe/logger.js'

export type { Stores } from './domain/store/stores.js'
export type { UserClaims } from './domain/users/policy.js'
export type { ResolvedOptions } from './ground/options/resolved.js'

/** What every OAuth access token must say. */
export interface AcceptOAuth {
  /** `'opaque'` or `'jwt'`; default: both. */
  form?: 'opaque' | 'jwt' | undefined
  /**
   * This service, as its clients name it (RFC 8707): `https://mcp.example.com/mcp`. `aud` must name it, exactly.
   * Clerk does not tell the `aud` of opaque tokens: they are refused then.
   */
  resource?: string | undefined
  /** A token without one of these gets 403 `insufficient_scope` from every guard. */
  scopes?: readonly string[] | undefined
}

export interface ClerkOptions<
  U extends UserRecord = never,
  M extends MembershipRecord = never,
  O extends OrganizationRecord = OrganizationRecord,
> {
  /** `sk_test_…` or `sk_live_…`. */
  secretKey?: string | undefined
  /** `pk_test_…` or `pk_live_…`: names the frontend API, hence issuer, public key set and cookie suffix. */
  publishableKey?: string | undefined
  /** PEM public key: verification without any network. Newlines may be `\n` in two characters, or CRLF. */
  jwtKey?: string | undefined
  jwksUrl?: string | undefined
  /** Expected `iss`. Default: from `publishableKey`, else the origin of `jwksUrl`. */
  issuer?: string | undefined
  /** Default `https://api.clerk.com`. `http:` only for loopback. */
  apiUrl?: string | undefined
  /**
   * Where a domain of your own passes requests on to the frontend API (`https://app.example.com/__clerk`). Tokens have it as
   * their `iss`.
   */
  proxyUrl?: string | undefined
  /**
   * Allow keys of an offline Clerk (on this host: `localhost`, 127.0.0.1) under `NODE_ENV=production`, for tests of a
   * production build. Default false: a client that reaches that server can sign in as any user.
   */
  allowOfflineClerk?: boolean | undefined
  /** Secret key of this machine (`ak_…`), needed for `accept: { m2m: true }` and for `clerk.machines`. */
  machineSecretKey?: string | undefined
  /** Id of this machine at Clerk (`mch_…`), needed for M2M tokens that are JWTs: they pass only where they name it as a receiver. */
  machineId?: string | undefined
  /**
   * Origins of the services that `machineFetch` may call, each exactly: `https://billing.example.com`. `http:` only for loopback.
   * None by default.
   */
  machineOrigins?: readonly string[] | undefined

  /**
   * Origins whose pages may obtain tokens for this backend, or `'any'` in so many words. Required. A `*` may stand for one
   * label at the front of a host (`https://*.preview.example.com`), for the port of a loopback host in development
   * (`http://localhost:*`), and for the host of `moz-extension:` and `safari-web-extension:`.
   */
  authorizedParties: readonly string[] | 'any'
  /** Accept Bearer tokens without `azp`: native apps send no Origin, tokens minted by the Backend API carry none. Default false. */
  allowMissingAzp?: boolean | undefined
  /** Expected `aud`; any one of several. */
  audience?: string | readonly string[] | undefined
  /** 0–300, default 5. */
  clockToleranceSeconds?: number | undefined
  /** Accept sessions whose tasks are open (`sts: pending`). Default false. */
  allowPending?: boolean | undefined
  /** Machine credentials to accept; none by default. `'opaque'` and `'jwt'` name one of the two forms, `true` stands for both. */
  accept?:
    | {
        apiKeys?: boolean | undefined
        /** API keys in the `X-API-Key` header too. A request that has a bearer beside it is refused. */
        apiKeyHeader?: boolean | undefined
        /** The opaque form needs `machineSecretKey`, the JWT form `machineId`: with `true`, JWTs are refused without it. */
        m2m?: boolean | 'opaque' | 'jwt' | undefined
        /** An object accepts what `true` does, and asks more of each token. */
        oauth?: boolean | 'opaque' | 'jwt' | AcceptOAuth | undefined
        /** JWT forms are refused this many seconds after they were issued. Default: when they expire. */
        maxAgeSeconds?: number | undefined
      }
    | undefined

  session?:
    | {
        /** Default 300. */
        revalidateAfterSeconds?: number | undefined
        /** How long an outage of Clerk is bridged. Default 300. */
        graceSeconds?: number | undefined
        /** Which requests get a session: those that carry cookies (default), all, none. */
        remember?: 'cookies' | 'always' | 'never' | undefined
        /**
         * Names of claims that a session remembers, for `auth.claims` of requests without a token; none by default. Together
         * at most 1 KB of JSON, or none is kept. They count for as long as plan and features do, and never for `has()`.
         */
        keepClaims?: readonly string[] | undefined
      }
    | undefined

  users?: UserStore<U> | undefined
  organizations?: OrganizationStore<O, M> | undefined
  inbox?: Inbox | undefined

  /** A valid token whose user is not in the store: fetch from Clerk, build from claims, or stay anonymous. Default `'api'`. */
  provisioning?: 'api' | 'claims' | 'off' | undefined
  /**
   * Attaches a Clerk user to an existing local row: by an address that both have verified, by Clerk's `external_id` being
   * the row's id (or the column that the store's `externalIdColumn` names), or by either, in the order of the list. Default
   * `'off'`. Not together with `'claims'`.
   */
  linking?: 'off' | LinkBy | readonly LinkBy[] | undefined
  /** The application's last word on a link. Default: the row may sign in, and for an address the row's own `emailVerified`. */
  canLink?: CanLink<U> | undefined
  claimsToUser?: ClaimsToUser | undefined
  /** Hand `private_metadata` to the stores. Default false. */
  privateMetadata?: boolean | undefined

  /** `whsec_…`; several during a rotation. */
  webhookSecrets?: readonly string[] | undefined
  webhook?:
    | {
        /** Default 300. */
        toleranceSeconds?: number | undefined
        /** For how long an event stays with a process that was killed: while one lives, it renews the lease. Default 60. */
        leaseSeconds?: number | undefined
        /** Default 10. */
        handlerTimeoutSeconds?: number | undefined
        /** Default 1 MiB. */
        maxBodyBytes?: number | undefined
      }
    | undefined

  /** In-process LRU caches: entries (0 disables) and how long they hold. */
  cache?:
    | {
        /** Default 10,000. */
        tokens?: number | undefined
        /** Users and memberships each. Default 10,000. */
        users?: number | undefined
        /** Default 300. */
        userTtlSeconds?: number | undefined
        /** Default 900. */
        organizationTtlSeconds?: number | undefined
      }
    | undefined

  /**
   * No call of a store, the framework's session store included, is waited for longer: `StoreUnavailableError`, a 503 for
   * the caller. Default 3, more than 0, at most 60.
   */
  store?: { timeoutSeconds?: number | undefined } | undefined

  /**
   * How much of Clerk's limits this process uses. All `createClerk` of a process that have one secret key share one gate; the
   * smallest numbers count. Calls that have to wait, wait in turn.
   */
  api?:
    | {
        /** Calls at a time. Default 64 for a live key, 16 for a test key. */
        concurrency?: number | undefined
        /** Default Clerk's limit of the key: 1000 for a live one, 100 for a test one. */
        requestsPer10Seconds?: number | undefined
        /** Which part of the limit is this process's, above 0 and at most 1: 0.25 for each of four processes. Default 1. */
        share?: number | undefined
      }
    | undefined

  /** How changes reach other processes: by polling the inbox (default every 2 s), or at once with an {@link Invalidation}. */
  invalidation?: { pollSeconds?: number | undefined } | Invalidation | undefined

  /** Where people sign in: a URL, or a path of this server. Default: the Account Portal of the publishable key. */
  signInUrl?: string | undefined
  /** Where people sign up, in the same way. */
  signUpUrl?: string | undefined
  /**
   * Who hears what an operator must not miss: pino, or whatever has `debug`, `info`, `warn` and `error`, each called with
   * fields and then a sentence; `false` for nobody. Default: the console, in production for errors alone. `error`: what the
   * application's own code threw, and what a database refused; `warn`: outages, refused webhooks and, outside production,
   * refused credentials, each once a minute; `info`: webhooks.
   */
  logger?: ClerkLogger | false | undefined

  /** Clock, in milliseconds. Default: the system's, read at each use, so that fake timers are followed. */
  now?: (() => number) | undefined
  /** Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined
}

/** A part of the options: `createClerk` merges several. */
export type ClerkOptionsPart<
  U extends UserRecord = never,
  M extends MembershipRecord = never,
  O extends OrganizationRecord = OrganizationRecord,
> = Partial<ClerkOptions<U, M, O>>

import type { TestIssuer } from './issuer/issuer.js'
import type { SigningKey } from './issuer/keys.js'
import type { Operations, UserRef } from './operations.js'
import type { Roles } from './resources/instance.js'
import type { SessionJSON, UserJSON } from './resources/json.js'
import type { Seed } from './resources/seed.js'
import type { Snapshot } from './resources/snapshot.js'
import type { Danger } from './safety.js'
import type { Faults } from './server/faults.js'
import type { RateLimits } from './server/rate-limit.js'
import type { RequestRecord } from './server/server.js'
import type { Breakage, Chaos, Delivery } from './webhooks/delivery.js'

/** `console`, pino, or anything with this method, called with fields first and then a sentence. */
export interface OfflineLogger {
  warn(fields: object, message: string): void
}

export interface StartClerkOptions {
  /** Default 0: any free port. */
  port?: number | undefined
  /** Address to listen on. Default `127.0.0.1`. */
  host?: string | undefined
  /**
   * Another name for `url`, as a container has one: the address under which applications and browsers reach
   * it. Clerk's SDKs take the publishable key of a host with a dot only: `127.0.0.1`, not `localhost`.
   */
  publicUrl?: string | undefined
  /** `iss` of its tokens. Default: its URL. Some SDKs want one that begins with `https://clerk.`. */
  issuer?: string | undefined
  /**
   * It signs every user in without a password, so it refuses to run with `NODE_ENV=production`, and on addresses that other machines reach,
   * unless that is said here.
   */
  dangerouslyAllow?: readonly Danger[] | undefined
  /** Milliseconds that every answer takes longer. Default 0. */
  latencyMs?: number | undefined
  /** Users and organisations to begin with, or a file of them (JSON or YAML); none by default. Planted again by `reset()`. */
  seed?: string | Seed | ((offline: OfflineClerk) => void | Promise<void>) | undefined
  /** File written by `save()`, or a snapshot: state and keys to continue with. `seed` is then not planted. */
  snapshot?: string | Snapshot | undefined
  /** Endpoint that receives the webhooks. Without one events are only logged; see `webhooks.sendTo`. */
  webhookUrl?: string | undefined
  /**
   * Hears, in sentences, of webhooks that the endpoint did not take and of requests that came with a wrong secret key or from a
   * page of another origin: once a minute for each reason. Default: none; `clerk-offline` prints them.
   */
  logger?: OfflineLogger | undefined
  /** Your application: where the pages return to by default, and the `azp` of tokens. Default `http://localhost:3000`. */
  appUrl?: string | undefined
  /** Clock in milliseconds, to which `advance()` adds. When it is given, no timer runs: `advance()` makes the deliveries that are due. */
  now?: (() => number) | undefined
  /** Default: a new one. */
  secretKey?: string | undefined
  /** Default: a new one. */
  webhookSecret?: string | undefined
  /** Sign with this key (`offline.tokens.key`) instead of a new one, which takes a fraction of a second to make. */
  signingKey?: SigningKey | undefined
  /** Roles beside `org:admin` and `org:member`, with their permissions. */
  roles?: Roles | undefined
  /** Claims added to every session token ("customise session token"). */
  sessionClaims?: ((user: UserJSON, session: SessionJSON) => Record<string, unknown>) | undefined
  /** Default: off. `true` is Clerk's limits of a development instance. */
  rateLimits?: boolean | RateLimits | undefined
  /** Host names beside the loopback ones under which the pages may be reached. */
  allowedHosts?: readonly string[] | undefined
  /** Origins beside the loopback ones that the sign-in page returns to and hands tokens to. */
  allowedOrigins?: readonly string[] | undefined
}

export interface Webhooks {
  /** Everything that was sent or should have been, oldest first. */
  readonly deliveries: readonly Delivery[]
  readonly url: string | undefined
  /** The endpoint failed for five days and gets nothing more until `sendTo()`. */
  readonly disabled: boolean
  /** Where events go from now on. */
  sendTo(url: string | undefined): void
  /** Resolves when nothing is due or under way any more. Retries that are due later do not count. */
  settled(): Promise<void>
  /** Also makes the retries that are due later, at once. */
  flush(): Promise<void>
  /** Disturbs deliveries from now on; `chaos({})` ends it. */
  chaos: ((chaos: Chaos) => void) & { readonly active: Chaos }
  /**
   * Sends a logged event again, with its id and its bytes, and resolves when it was answered. `as` breaks it: with a
   * `wrong-signature`, `late` (signed ten minutes ago), `twice` at once, or `out-of-order`: then the newer of two events about
   * one object goes first, both as new messages, and the older one's delivery is what it resolves with.
   * @throws {Error} without an endpoint, for an id that is not there, and where no other event is about the object
   */
  replay(id: string, as?: Breakage): Promise<Delivery>
  /** Sends an event of any type. For a valid one of a known type see `webhookFixture`. */
  send(type: string, data: object): Delivery
  /** Signs with a new secret as well as the old one, as during Svix's rotation. Returns the new one. */
  rotateSecret(): string
}

/** A running offline Clerk. */
export interface OfflineClerk extends Operations, AsyncDisposable {
  /** Id of its instance, `ins_…`. */
  readonly id: string
  /** `http://127.0.0.1:<port>`: Backend API (`apiUrl`), frontend API and pages. */
  readonly url: string
  /** `iss` of its tokens. */
  readonly issuer: string
  /** Its keys: mint any token, rotate, revoke, forge. */
  readonly tokens: TestIssuer
  /** The newest. */
  readonly secretKey: string
  readonly publishableKey: string
  readonly webhookSecret: string
  /** Secret key of a machine, for M2M tokens. */
  readonly machineSecretKey: string
  /** Environment variables for the application under test. */
  readonly env: Readonly<Record<string, string>>
  /**
   * The same as the text of an `.env` file, with `CLERK_JWT_KEY`. An SDK that has it verifies without a request, and does
   * not see that keys are rotated.
   */
  readonly dotenv: string
  readonly webhooks: Webhooks
  /** A further secret key, as during a rotation; the old ones count until they are deleted. Returns the new one. */
  addSecretKey(): string
  /** From now on the key is refused with 401. @throws {Error} for one that is not there, and for the last one */
  deleteSecretKey(key: string): void
  readonly faults: Faults
  /** Every request that came in, oldest first. */
  readonly requests: readonly RequestRecord[]
  /** Its time in milliseconds: give it to the code under test as its clock. */
  now(): number
  /** Moves its time forward and makes every delivery that falls due on the way, at its time. */
  advance(ms: number): Promise<void>
  /** Every answer takes so much longer from now on. */
  latency(ms: number): void
  /** Clerk's rate limits from now on: `true` a development instance's, `false` none. */
  limits(limits: boolean | RateLimits): void
  /** Adds what a seed names. @throws {Error} naming the entry that is wrong */
  plant(seed: Seed): void
  /** Back to the seed: users, sessions, deliveries, faults and chaos are gone. Keys and secrets stay. */
  reset(): Promise<void>
  snapshot(): Snapshot
  /** The state of a snapshot, in place of its own. Keys and secrets stay; deliveries, faults and chaos are gone. */
  restore(snapshot: Snapshot): void
  /** Writes the snapshot to a file only its owner can read: it holds private keys. */
  save(file: string): Promise<void>
  /** Further instances in this process, each with a port and keys of its own: one for each worker of a test run. */
  startInstance(options?: StartClerkOptions): Promise<OfflineClerk>
  readonly instances: readonly OfflineClerk[]
  /**
   * A person whom a client of OAuth or MCP has sent here: signs in, sees the consent page and decides. Resolves with where the
   * browser is sent: `redirect_uri` with `code`, or with `error`.
   * @throws {Error} for what is not a URL of the consent page here, and for a client that is not known
   */
  consent(authorization: string | URL, user: UserRef, decision?: 'allow' | 'deny'): Promise<URL>
  /** Closes every connection and timer, and its further instances. */
  stop(): Promise<void>
}

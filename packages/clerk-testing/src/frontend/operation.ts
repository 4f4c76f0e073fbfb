import type { Instance, StoredClient } from '../resources/instance.js'
import type { SessionJSON, UserJSON } from '../resources/json.js'
import type { Fields } from '../server/check.js'
import type { Schema } from '../server/operation.js'
import type { Call, LimitClass, Method } from '../server/route.js'

const text: Schema = { type: 'string', maxLength: 4096 }
const flag: Schema = { type: 'boolean' }
const list: Schema = { type: 'array', items: text }
const number: Schema = { type: 'integer' }
/** The types of a form's and a query's parameters. */
export const parameter = { text, flag, list, number } as const

export type Texts = Readonly<Record<string, string | undefined>>

/** What an operation of the frontend API works on. */
export interface PageCall {
  readonly instance: Instance
  /** The browser that asks. One that is not known becomes known where this is read. */
  readonly client: StoredClient
  /** Origin of the page. */
  readonly origin: string
  readonly path: Readonly<Record<string, string>>
  /** What the operation's entry names, of query and form; anything else that a script sends is left out. */
  readonly given: Fields
  /** The same, where it is text. An empty one is there. */
  readonly texts: Texts
  readonly file: Call['file']
}

/** Of a page whose user is signed in. */
export interface SignedInCall extends PageCall {
  readonly session: SessionJSON
  readonly user: UserJSON
}

export interface PageOptions {
  readonly parameters?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly limit?: LimitClass
  /** The answer is the object itself, without the client beside it. */
  readonly bare?: true
}

/** One operation of the frontend API. */
export interface PageOperation extends PageOptions {
  readonly method: Method
  /** `/client/sign_ins/{sign_in_id}` */
  readonly path: string
  readonly signedIn: boolean
  handle(call: PageCall): unknown
}

/** An operation that every page may ask for. */
export const open = (
  method: Method,
  path: string,
  handle: (call: PageCall) => unknown,
  options: PageOptions = {},
): PageOperation => ({ ...options, method, path, signedIn: false, handle })

/** An operation of the signed-in user. */
export const own = (
  method: Method,
  path: string,
  handle: (call: SignedInCall) => unknown,
  options: PageOptions = {},
): PageOperation => ({
  ...options,
  method,
  path,
  signedIn: true,
  handle: handle as unknown as PageOperation['handle'],
})

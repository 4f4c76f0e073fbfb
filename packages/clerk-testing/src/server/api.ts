import { type Instance, machineOf, type StoredMachine } from '../resources/instance.js'
import type { OperationId } from '../tables/operations.js'
import { exchanges } from './channels.js'
import { type Fields, readBody, readQuery } from './check.js'
import { invalidValue } from './errors.js'
import type { Reply } from './http.js'
import { type Operation, operationOf, type Schema } from './operation.js'
import { projection } from './project.js'
import type { Access, Call, LimitClass, Route } from './route.js'

/** What a handler works on: parameters that have passed the operation's entry in the table. */
export interface ApiCall<Body = Fields, Query = Fields> {
  readonly instance: Instance
  readonly operation: Operation
  readonly path: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
  /** The machine whose secret key was sent; null for the instance's own. */
  readonly caller: StoredMachine | null
  /** Bytes and type of the file of a form. */
  readonly file: { readonly type: string; readonly bytes: Buffer } | undefined
}

export interface BindingOptions {
  /** Default: by the secret key, or public where the table says so. */
  access?: Access
  limit?: LimitClass
  /** Body parameters beside the table's: of earlier API versions, or sent by an official client. */
  also?: Schema['properties']
  /** Query parameters beside the table's. */
  alsoQuery?: Schema['properties']
}

/** An operation and what it does. */
export interface Binding extends BindingOptions {
  readonly operation: Operation
  handle(call: ApiCall): unknown
}

/** Binds one operation. The types of body and query are what the table has checked. */
export function action<Body = Fields, Query = Fields>(
  id: OperationId | Operation,
  handle: (call: ApiCall<Body, Query>) => unknown,
  options: BindingOptions = {},
): Binding {
  const operation = typeof id === 'string' ? operationOf(id) : id
  return { ...options, operation, handle: handle as unknown as Binding['handle'] }
}

/** An operation called from within, by its id: what HTTP would do, checks and events included. */
export interface Given {
  path?: Record<string, string>
  query?: Fields
  body?: unknown
  caller?: StoredMachine | null
  file?: ApiCall['file']
}

export interface Api {
  readonly bindings: ReadonlyMap<string, Binding>
  readonly routes: readonly Route[]
  call(id: OperationId, given?: Given): unknown
}

export function createApi(bound: readonly Binding[], instance: () => Instance): Api {
  const bindings = new Map<string, Binding>()
  for (const binding of bound) {
    if (bindings.has(binding.operation.id)) throw new Error(`${binding.operation.id} is bound twice.`)
    bindings.set(binding.operation.id, binding)
  }
  return {
    bindings,
    routes: bound.flatMap((binding) => routesOf(binding, instance)),
    call(id, { path = {}, query = {}, body, caller = null, file } = {}) {
      const binding = bindings.get(id)
      if (!binding) throw new Error(`${id} has no handler.`)
      const { operation } = binding
      const read = operation.form ? {} : (readBody(operation, body, binding.also) as Fields)
      return binding.handle({
        instance: instance(),
        operation,
        path,
        query,
        body: read,
        caller,
        file,
      })
    },
  }
}

const bearer = ({ headers }: Call) => (headers.authorization ?? '').replace(/^Bearer +/i, '')

/** Clerk's clients ask for some paths below `/v1` and for others without: both are served for all. */
function routesOf(binding: Binding, instance: () => Instance): Route[] {
  const { operation } = binding
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  const show = operation.response && projection(operation.response)
  const render = (answer: unknown): Reply => {
    if (operation.response === undefined) return (answer as Reply | undefined) ?? { status: operation.status }
    return {
      status: operation.status,
      json: isPage(answer) ? showPage(operation.response, answer) : show?.(answer),
    }
  }
  const handle = (call: Call): Reply | Promise<Reply> => {
    const path = Object.fromEntries(names.map((name) => [name, call.param(name)]))
    for (const [name, { enum: words = [] }] of Object.entries(operation.pathParameters ?? {})) {
      if (!words.includes(path[name])) throw invalidValue(name, words)
    }
    const query = readQuery(operation, call.query, binding.alsoQuery)
    const body = operation.form ? call.fields : (readBody(operation, call.body, binding.also) as Fields)
    const publish = (reply: Reply): Reply => {
      const beside = Object.keys({ ...binding.also, ...binding.alsoQuery })
      const { status = 200, json } = reply
      if (exchanges.hasSubscribers) {
        exchanges.publish({
          operation: operation.id,
          query,
          body,
          beside,
          status,
          json,
          response: operation.response,
        })
      }
      return reply
    }
    const answer = binding.handle({
      instance: instance(),
      operation,
      path,
      query,
      body,
      caller: machineOf(instance(), bearer(call)) ?? null,
      file: call.file,
    })
    return answer instanceof Promise ? answer.then((made) => publish(render(made))) : publish(render(answer))
  }
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
  return [`/v1${path}`, path].map((one) => ({
    method: operation.method as Route['method'],
    path: one,
    name: `${operation.method} /v1${path}`,
    operation: operation.id,
    access: operation.public ? 'public' : (binding.access ?? 'secret-key'),
    limit: operation.public ? 'none' : (binding.limit ?? 'standard'),
    handle,
  }))
}

/** Where the table names a bare list, `paginated=true` asks for a page of it. */
const isPage = (answer: unknown): answer is { data: unknown[]; total_count: number } =>
  typeof answer === 'object' && answer !== null && Array.isArray((answer as { data?: unknown }).data)

function showPage(response: Schema, page: { data: unknown[]; total_count: number }): unknown {
  const whole = projection(response)
  return response.type === 'array' ? { ...page, data: whole(page.data) } : whole(page)
}

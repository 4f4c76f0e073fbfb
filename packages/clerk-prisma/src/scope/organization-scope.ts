import {
  CLERK_OPTION,
  checkText,
  currentOrganizationId,
  type OptionRules,
  readOptions,
  rule,
} from '@acme/clerk-core/store'
import type { ClientInternals } from '../client/prisma-client.js'
import { delegateName } from '../client/prisma-client.js'
import { conflictOf } from './conflict.js'
import { type Models, resolveModels, type ScopedModels } from './models.js'
import { confineOperation } from './operations.js'
import { cleanAnswer } from './selection.js'

export interface OrganizationScopeOptions {
  readonly models: ScopedModels
}

export interface RequestScopeOptions extends OrganizationScopeOptions {
  /** Whose requests count, where the middlewares of several clerks have been given `context: true`. */
  readonly clerk?: object
}

const CONFINED: OptionRules<OrganizationScopeOptions> = {
  models: { ...rule.any, required: "Name the models, as `{ models: { note: { tenant: 'orgId' } } }`." },
}
const OF_REQUEST: OptionRules<RequestScopeOptions> = { ...CONFINED, clerk: CLERK_OPTION }

interface Query {
  readonly model?: string
  readonly operation: string
  readonly args: unknown
  query(args: unknown): Promise<unknown>
  /** The fluent way (`findUnique(…).notebook()`) is told by nothing else; without it such an answer is refused. */
  readonly __internalParams?: { readonly dataPath?: readonly string[]; readonly transaction?: unknown }
}

/**
 * A client extension that confines everything to one organisation: `const db = prisma.$extends(organizationScope(orgId,
 * { models }))`. Reads, writes, counts, nested reads and writes, relation filters: each sees, creates and changes rows of
 * the organisation only, whatever it was asked for. What cannot be confined throws {@link OrganizationScopeError}.
 *
 * Extend with it last: an extension added later stands nearer to the database and could widen a query again.
 *
 * @param orgId value of the models' tenant fields, Clerk's id of the organisation as a rule
 * @throws {ConfigurationError} for options that it does not know; from `$extends`, when `models` does not fit the schema
 * @throws {StoreInputError} when `orgId` is not a string
 */
export function organizationScope(orgId: string, options: OrganizationScopeOptions): <C>(client: C) => C
/**
 * The same without an id, for one client that serves every request: each operation is confined to the organisation of the
 * request that is being answered (`currentAuth`). The middleware must have been given `context: true`. An operation rejects
 * with {@link CurrentAuthError} where no request is being answered, and with {@link DeniedError} where the request has no
 * organisation; nothing is sent to the database then.
 *
 * @throws {ConfigurationError} for options that it does not know; from `$extends`, when `models` does not fit the schema
 */
export function organizationScope(options: RequestScopeOptions): <C>(client: C) => C
export function organizationScope(
  ...given:
    | readonly [orgId: string, options: OrganizationScopeOptions]
    | readonly [options: RequestScopeOptions]
): <C>(client: C) => C {
  if (given.length === 1 && typeof given[0] === 'object' && given[0] !== null) {
    const { models, clerk } = readOptions('organizationScope', given[0], OF_REQUEST)
    return scopeOf((client) => {
      const modelsOf = remember((orgId) => resolveModels(client, orgId, models))
      // What is declared is checked now, whatever organisation comes.
      modelsOf('')
      return () => modelsOf(currentOrganizationId(clerk))
    })
  }
  const [orgId, options] = given as readonly [string, OrganizationScopeOptions]
  checkText(orgId, 'orgId')
  const { models } = readOptions('organizationScope', options, CONFINED)
  return scopeOf((client) => {
    const resolved = resolveModels(client, orgId, models)
    return () => resolved
  })
}

/** @param open checks the declaration against the client, and gives the models of an operation */
function scopeOf(open: (client: ClientInternals) => () => Models): <C>(client: C) => C {
  return <C>(client: C): C => {
    const current = open(client as ClientInternals)
    const extend = (client as { $extends(extension: object): unknown }).$extends
    return extend.call(client, {
      name: 'organization-scope',
      query: {
        async $allOperations({ model, operation, args, query, __internalParams }: Query) {
          const name = model === undefined ? '' : delegateName(model)
          const confined = confineOperation(current().get(name), name, operation, args)
          const answer = await query(confined.args).catch(async (error: unknown) => {
            // In a transaction this client cannot see what it wrote, and on SQLite would wait for it.
            if (__internalParams?.transaction !== undefined) throw error
            throw await conflictOf(error, confined.linked, client as object)
          })
          return cleanAnswer(confined.plan, __internalParams?.dataPath ?? [], answer)
        },
      },
    }) as C
  }
}

/** How many organisations' models are kept: making them costs more than an operation of a small model. */
const REMEMBERED = 100

function remember(make: (orgId: string) => Models): (orgId: string) => Models {
  const made = new Map<string, Models>()
  return (orgId) => {
    const known = made.get(orgId)
    if (known !== undefined) return known
    const models = make(orgId)
    if (made.size >= REMEMBERED) made.clear()
    made.set(orgId, models)
    return models
  }
}

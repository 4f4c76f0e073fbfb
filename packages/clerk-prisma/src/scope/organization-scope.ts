import { checkText } from '@acme/clerk-core/store'
import type { ClientInternals } from '../client/prisma-client.js'
import { delegateName } from '../client/prisma-client.js'
import { conflictOf } from './conflict.js'
import { resolveModels, type ScopedModels } from './models.js'
import { confineOperation } from './operations.js'
import { cleanAnswer } from './selection.js'

export interface OrganizationScopeOptions {
  readonly models: ScopedModels
}

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
 * @throws {ConfigurationError} from `$extends`, when `models` does not fit the schema
 * @throws {StoreInputError} when `orgId` is not a string
 */
export function organizationScope(orgId: string, { models }: OrganizationScopeOptions): <C>(client: C) => C {
  checkText(orgId, 'orgId')
  return <C>(client: C): C => {
    const resolved = resolveModels(client as ClientInternals, orgId, models)
    const extend = (client as { $extends(extension: object): unknown }).$extends
    return extend.call(client, {
      name: 'organization-scope',
      query: {
        async $allOperations({ model, operation, args, query, __internalParams }: Query) {
          const name = model === undefined ? '' : delegateName(model)
          const confined = confineOperation(resolved.get(name), name, operation, args)
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

import type { Linked } from './references.js'
import { confine } from './where.js'

interface KnownError extends Error {
  readonly code: string
  readonly clientVersion: string
  readonly meta?: Readonly<Record<string, unknown>>
}

type KnownErrorClass = new (
  message: string,
  options: { code: string; clientVersion: string; meta: Record<string, unknown> },
) => Error

const isNotFound = (error: unknown): error is KnownError =>
  error instanceof Error && (error as Partial<KnownError>).code === 'P2025'

/**
 * The error of a write that gave a reference as a column. Sent as a link, one that is taken "was not found"; as a column it
 * would have been a conflict, which is what an application expects. Asked for only after a failure.
 */
export async function conflictOf(
  error: unknown,
  linked: readonly Linked[],
  client: object,
): Promise<unknown> {
  if (!isNotFound(error)) return error
  for (const { model, foreignKey, target, occupied } of linked) {
    const delegate = (client as Record<string, { count(args: object): Promise<number> } | undefined>)[
      target.name
    ]
    const taken = await delegate?.count({ where: confine(target, undefined, [occupied]) })
    if (taken === undefined || taken === 0) continue
    const Known = error.constructor as KnownErrorClass
    return new Known(`Unique constraint failed on the fields: (\`${foreignKey}\`)`, {
      ...{ code: 'P2002', clientVersion: error.clientVersion },
      meta: { modelName: model.schema.name, target: [foreignKey] },
    })
  }
  return error
}

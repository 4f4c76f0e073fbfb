import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { engineOf } from '../testing/databases.js'
import { type Args, type Call, operations, stamped } from '../testing/scope-operations.js'
import { organizationScope } from './organization-scope.js'
import {
  createScopeDatabase,
  foreignRows,
  MODELS,
  ownRows,
  type ScopeClient,
  seed,
  seedAlone,
} from './testing.js'

async function openDatabase(): Promise<ScopeClient> {
  const database = await createScopeDatabase(engineOf(process.env.FUZZ_ENGINE ?? 'v7-sqlite'))
  if ('missing' in database) throw new Error(database.missing)
  afterAll(() => database.drop())
  return (await database.connect()) as unknown as ScopeClient
}
/** Both organisations in one database, and A alone in another. */
const prisma = await openDatabase()
const alone = await openDatabase()

const call = async (client: ScopeClient, [model, operation, args]: Call): Promise<unknown> =>
  (client[model] as unknown as Record<string, (args: Args) => Promise<unknown>>)[operation]?.(args)

/** Without what differs between the databases: order where none is asked for, and columns of A that name rows of B. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith('b-') ? null : value
  if (Array.isArray(value)) {
    const id = (row: unknown) => JSON.stringify((row as Args)?.id ?? (row as Args)?.code ?? row)
    return value.map(comparable).sort((x, y) => (id(x) < id(y) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]))
}

test(
  'a scoped call neither shows nor changes what is not its own, and does to its own what it would do alone',
  async () => {
    const a = prisma.$extends(organizationScope('org_a', { models: MODELS })) as unknown as ScopeClient
    const outcomes = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(operations, async (calls) => {
        await seed(prisma)
        await seedAlone(alone)
        const before = await foreignRows(prisma)
        for (const made of calls) {
          const text = JSON.stringify(made)
          const outcome = await call(a, made).then(
            (answer) => ({ answer }),
            (error: Error) => ({ error }),
          )
          const name = 'error' in outcome ? outcome.error.name : 'done'
          outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
          expect(await foreignRows(prisma), text).toBe(before)
          if ('error' in outcome) continue

          expect(JSON.stringify(outcome.answer), text).not.toMatch(/org_b|belongs to B/)
          const [model, operation] = made
          const expected = await call(alone, [model, operation, stamped(made)])
          expect(comparable(outcome.answer), text).toEqual(comparable(expected))
          expect(comparable(await ownRows(prisma)), text).toEqual(comparable(await ownRows(alone)))
        }
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 20) },
    )
    const all = [...outcomes.values()].reduce((sum, n) => sum + n, 0)
    expect((outcomes.get('done') ?? 0) / all, JSON.stringify([...outcomes])).toBeGreaterThan(0.2)
  },
  Number(process.env.FUZZ_TIMEOUT_MS ?? 180_000),
)

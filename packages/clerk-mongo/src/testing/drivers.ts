import { type Db, MongoClient, type MongoClientOptions, ObjectId } from 'mongodb'
import { MongoClient as MongoClient6, ObjectId as ObjectId6 } from 'mongodb6'

/** The official driver in both majors. To the stores they are one type; `typecheck` compiles them against each. */
export const DRIVERS = [
  {
    driver: 'driver 6',
    newId: () => new ObjectId6() as unknown as ObjectId,
    connect: (url: string, options?: MongoClientOptions) =>
      new MongoClient6(url, options as object) as unknown as MongoClient,
  },
  {
    driver: 'driver 7',
    newId: () => new ObjectId(),
    connect: (url: string, options?: MongoClientOptions) => new MongoClient(url, options),
  },
] as const

export type Connect = (typeof DRIVERS)[number]['connect']

/** Removes every document, and keeps the indexes. */
export async function empty(db: Db): Promise<void> {
  for (const collection of await db.collections()) await collection.deleteMany({})
}

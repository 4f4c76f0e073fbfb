import type { MongoClient as MongoClient7 } from 'mongodb'
import type { MongoClient as MongoClient6 } from 'mongodb6'
import type { Connection } from 'mongoose'
import { mongoStore, scopedCollection } from './index.js'

interface Invoice {
  _id: string
  orgId: string
  total: number
}

/** Compiled, never run: either major of the driver, and the copy that Mongoose brings, go in without a cast. */
export async function fits(
  client6: MongoClient6,
  client7: MongoClient7,
  mongoose: Connection,
): Promise<void> {
  mongoStore(client6.db())
  mongoStore(mongoose.getClient().db())
  const { users } = mongoStore(client7.db(), { create: () => ({ credits: 1 }), newId: () => 'id' })
  const user = await users.findByClerkId('user_1')
  user?.credits.toFixed()
  user?.id.toUpperCase()
  // @ts-expect-error not a column
  user?.nickname

  const scopes = [
    scopedCollection(client6.db().collection<Invoice>('x'), 'org_1'),
    scopedCollection(client7.db().collection<Invoice>('x'), 'org_1'),
    scopedCollection(mongoose.getClient().db().collection<Invoice>('x'), 'org_1'),
  ]
  for (const scope of scopes) {
    const found = await scope.findOne({ total: { $gt: 1 }, _id: 'x' })
    found?.total.toFixed()
    await scope.insertOne({ _id: 'x', total: 1 })
    // @ts-expect-error not a number
    await scope.insertOne({ _id: 'x', total: '1' })
    // @ts-expect-error not a number
    await scope.find({ total: 'x' }).toArray()
  }
  const withoutId = scopedCollection(client7.db().collection<{ orgId: string; total: number }>('x'), 'org_1')
  const found = await withoutId.findOne({ total: 1 })
  found?._id.toHexString()
  await withoutId.insertOne({ total: 1 })
}

import { expect, test } from 'vitest'
import { prismaStore } from '../prisma-store.js'
import { applySql } from '../testing/databases.js'
import { describeEngines } from '../testing/describe-engines.js'

await describeEngines('a table of the same name in another schema', (engine, database) => {
  test.runIf(engine.provider === 'postgresql')('says nothing of what is unique', async () => {
    const prisma = await database.connect()
    await applySql(
      prisma,
      `CREATE SCHEMA elsewhere;
       CREATE TABLE elsewhere."User" (LIKE "User" INCLUDING ALL);
       CREATE UNIQUE INDEX one_phone ON elsewhere."User" (phone);`,
    )
    const { users } = prismaStore(prisma)
    const phone = '+15550100'
    await users.apply({ clerkId: 'user_1', version: 1, phone })
    await users.apply({ clerkId: 'user_2', version: 2, phone })
    expect(await users.findByClerkId('user_1')).toMatchObject({ phone })
    expect(await users.findByClerkId('user_2')).toMatchObject({ phone })
  })
})

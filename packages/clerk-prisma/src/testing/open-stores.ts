import type { OpenStores } from '@acme/clerk-testing/conformance'
import { engineOf } from './databases.js'
import { SHAPES, type Shape } from './stores.js'

/** How a process of its own opens the stores of a test. */
export const openStores: OpenStores = async (data) => {
  const { client, shape, url } = data as { client: string; shape: Shape; url: string }
  const prisma = await engineOf(client).connect(url)
  return { stores: SHAPES[shape](prisma), close: () => prisma.$disconnect() }
}

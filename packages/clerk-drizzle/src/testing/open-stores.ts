import type { OpenStores } from '@acme/clerk-testing/conformance'
import { type Driver, ENGINES } from './databases.js'
import { SHAPES, type Shape } from './stores.js'

/** How a process of its own opens the stores of a test. */
export const openStores: OpenStores = async (data) => {
  const { driver, shape, url } = data as { driver: Driver; shape: Shape; url: string }
  const { connect, schema } = ENGINES[driver]
  const { db, close } = await connect(url)
  return { stores: SHAPES[shape](db, schema), close }
}

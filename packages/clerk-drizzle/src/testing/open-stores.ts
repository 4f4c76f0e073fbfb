import type { OpenStores } from '@acme/clerk-testing/conformance'
import { ENGINES, type EngineName } from './databases.js'
import { SHAPES, type Shape } from './stores.js'

/** How a process of its own opens the stores of a test. */
export const openStores: OpenStores = async (data) => {
  const { engine, shape, url } = data as { engine: EngineName; shape: Shape; url: string }
  const { connect, schema } = ENGINES[engine]
  const { db, close } = await connect(url)
  return { stores: SHAPES[shape](db, schema), close }
}

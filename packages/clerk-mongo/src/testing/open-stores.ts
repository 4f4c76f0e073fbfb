import type { OpenStores } from '@acme/clerk-testing/conformance'
import { mongoStore } from '../mongo-store.js'
import { DRIVERS } from './drivers.js'

/** The store of a further process, for the races. */
export const openStores: OpenStores = async (data) => {
  const { url, driver } = data as { url: string; driver: string }
  const client = DRIVERS.find((candidate) => candidate.driver === driver)?.connect(url)
  if (client === undefined) throw new Error(`There is no ${driver}.`)
  return { stores: mongoStore(client.db()), close: () => client.close() }
}

import type { OpenStores } from '../harness.js'
import { performAll, type RaceCall } from './operations.js'

export type ToWorker = { readonly calls: readonly RaceCall[] } | { readonly close: true }

const [, , module = '', data = 'null'] = process.argv
const { openStores } = (await import(module)) as { openStores: OpenStores }
const { stores, close } = await openStores(JSON.parse(data))

process.on('message', async (message: ToWorker) => {
  if ('calls' in message) {
    process.send?.(await performAll(stores, message.calls))
    return
  }
  await close?.()
  process.disconnect()
})
// A parent that is gone closes the channel: no worker stays behind.
process.on('disconnect', () => process.exit())
process.send?.('ready')

import type { Setup } from '../web/setup.js'
import { CHECKS } from './checks.js'
import { pairedRatio } from './paired.js'

// One check in a process of its own: what the compiler has learnt of another one would change what is measured.
process.once('message', async ({ name, setup }: { name: string; setup: Setup }) => {
  const pair = await CHECKS[name]?.(setup)
  if (pair === undefined) throw new Error(`there is no check ${name}`)
  const ratio = await pairedRatio(pair)
  await pair.stop?.()
  process.send?.({ ratio }, () => process.exit())
})
process.once('disconnect', () => process.exit())

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { timed } from './timed.js'

test('what is waited for counts, a pause of the process does not', async () => {
  const { ms, value } = await timed(async () => {
    await sleep(200)
    const end = performance.now() + 500
    while (performance.now() < end);
    await sleep(1)
    return 'value'
  })
  expect(value).toBe('value')
  expect(ms).toBeLessThan(450)
  expect((await timed(() => sleep(300))).ms).toBeGreaterThan(20)
})

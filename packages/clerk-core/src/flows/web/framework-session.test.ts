import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { SESSION_KEY } from './framework-session.js'

test('the guide to sessions names the key under which the record is stored', async () => {
  const guide = await readFile(new URL('../../../../../docs/sessions.md', import.meta.url), 'utf8')
  expect(guide.match(/under the key `(\w+)`/g)).toEqual([`under the key \`${SESSION_KEY}\``])
})

import { expect, test } from 'vitest'
import { originOf } from './messages.js'

test.each([
  ['https', 'app.example.com', 'https://app.example.com'],
  ['https', 'APP.example.com:443', 'https://app.example.com'],
  ['http', 'localhost:3000', 'http://localhost:3000'],
  ['http', '[::1]:3000', 'http://[::1]:3000'],
  ['https', 'app.example.com, inner.example.com', 'https://app.example.com'],
  ['https', undefined, null],
  ['https', '', null],
  ['https', 'user@app.example.com', null],
  ['https', 'app.example.com/path', null],
  ['https', 'app.example.com#', null],
  ['https', 'app.example.com:99999', null],
  ['https', 'a b', null],
  ['javascript', 'app.example.com', null],
])('%s and Host %s make the origin %s', (protocol, host, origin) => {
  expect(originOf(protocol, host)).toBe(origin)
})

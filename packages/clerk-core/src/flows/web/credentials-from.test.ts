import { expect, test } from 'vitest'
import { credentialsFrom, credentialsFromFetch } from './credentials-from.js'

test('headers are passed on as received', () => {
  const headers = {
    authorization: 'Bearer x',
    cookie: 'a=b',
    origin: 'https://app.example.com',
    'sec-fetch-site': 'same-origin',
    'sec-fetch-dest': 'empty',
    'x-organization-id': 'org_1',
  }
  const expected = {
    authorization: 'Bearer x',
    cookie: 'a=b',
    origin: 'https://app.example.com',
    fetchSite: 'same-origin',
    fetchDest: 'empty',
    method: 'POST',
    upgrade: false,
    organization: 'org_1',
  }
  expect(credentialsFrom({ headers, method: 'POST' })).toEqual(expected)
  expect(credentialsFromFetch(new Request('http://app', { method: 'POST', headers }))).toEqual(expected)
})

test('repeated headers that a host gives as lists equal no listed value', () => {
  const headers = {
    origin: ['https://app.example.com', 'https://evil.example'],
    'sec-fetch-site': ['same-origin', 'cross-site'],
    'x-organization-id': ['org_1', 'org_2'],
    cookie: ['a=b', 'c=d'],
  } as never
  const given = credentialsFrom({ headers, method: 'POST' })
  expect(given).toMatchObject({
    origin: 'https://app.example.com, https://evil.example',
    fetchSite: 'same-origin, cross-site',
    organization: 'org_1, org_2',
    cookie: 'a=b; c=d',
  })
})

test.each([
  ['websocket', true],
  ['WebSocket', true],
  ['h2c, websocket', true],
  ['h2c', false],
  [undefined, false],
])('Upgrade: %s asks for a WebSocket: %s', (upgrade, expected) => {
  expect(credentialsFrom({ headers: upgrade === undefined ? {} : { upgrade }, method: 'GET' }).upgrade).toBe(
    expected,
  )
  const headers = new Headers(upgrade === undefined ? {} : { upgrade })
  expect(credentialsFromFetch({ headers, method: 'GET' }).upgrade).toBe(expected)
})

test.each([
  ['Bearer ak_1', true],
  ['bearer   oat_1', true],
  ['Bearer mt_1', true],
  ['Bearer eyJhbGciOiJSUzI1NiJ9.e30.x', false],
  ['Bearer AK_1', false],
  ['Basic YWs6MQ==', false],
  [undefined, false],
])('Authorization: %s asks for the address of the client: %s', (authorization, expected) => {
  let asked = 0
  const headers = authorization === undefined ? {} : { authorization }
  const { clientAddress } = credentialsFrom({ headers }, undefined, undefined, () => {
    asked += 1
    return '203.0.113.9'
  })
  expect([clientAddress, asked]).toEqual(expected ? ['203.0.113.9', 1] : [undefined, 0])
})

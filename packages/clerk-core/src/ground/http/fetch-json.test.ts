import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { fetchJson } from './fetch-json.js'

/** As loggers and msw do: a clone of every response is kept, and is not read. */
const clones: Response[] = []
const keepsClones: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  clones.push(response.clone())
  return response
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const bounds = { timeoutMs: 1000, maxBytes: 10 }

test('an error is told at once when fetch keeps a clone of the response that nothing reads', async () => {
  const url = await serve((_req, res) => void res.writeHead(404).end('{"errors":[]}'))
  expect(await fetchJson(keepsClones, { url, ...bounds })).toMatchObject({
    status: 404,
    problem: 'answered 404',
  })
})

test('a body that is too long is told at once when fetch keeps a clone of the response', async () => {
  const url = await serve((_req, res) => void res.end(`"${'x'.repeat(100)}"`))
  expect(await fetchJson(keepsClones, { url, ...bounds })).toMatchObject({
    status: 200,
    problem: 'answered with more than 10 bytes',
  })
})

test('a body that breaks off while it is given up rejects nothing that the process would see', async () => {
  const url = await serve((_req, res) => {
    res.writeHead(500).write('x')
    setImmediate(() => res.destroy())
  })
  expect(await fetchJson(fetch, { url, ...bounds })).toMatchObject({ status: 500 })
})

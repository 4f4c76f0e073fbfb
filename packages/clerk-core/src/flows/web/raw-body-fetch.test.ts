import { expect, test } from 'vitest'
import { type BodySource, readRawBody } from './raw-body.js'

const limits = { maxBytes: 10, timeoutMs: 5000 }

const posted = (body: ReadableStream<Uint8Array> | string | null) =>
  new Request('http://app.example/', { method: 'POST', body, duplex: 'half' } as RequestInit)
const sourceOf = ({ body: stream, bodyUsed, headers }: Request): BodySource => ({
  stream,
  bodyUsed,
  headers: Object.fromEntries(headers),
})
const streamOf = (start: (controller: ReadableStreamDefaultController<Uint8Array>) => unknown) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => {
      start(controller)
    },
  })

test('the chunks of a fetch request are joined in the order of their arrival', async () => {
  const stream = streamOf((controller) => {
    controller.enqueue(new Uint8Array([0xff, 0x00]))
    controller.enqueue(new Uint8Array([0x0a]))
    controller.close()
  })
  const body = await readRawBody(sourceOf(posted(stream)), limits)
  expect(body).toEqual({ kind: 'bytes', bytes: Buffer.from([0xff, 0x00, 0x0a]) })
})

test('no body is an empty one', async () => {
  expect(await readRawBody(sourceOf(posted(null)), limits)).toEqual({
    kind: 'bytes',
    bytes: new Uint8Array(),
  })
})

test('exactly the limit is allowed; beyond it nothing more is read', async () => {
  expect((await readRawBody(sourceOf(posted('x'.repeat(10))), limits)).kind).toBe('bytes')
  let pulled = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulled += 1
        controller.enqueue(new Uint8Array(6))
      },
    },
    { highWaterMark: 0 },
  )
  expect(await readRawBody({ stream, headers: {} }, limits)).toEqual({ kind: 'too-large' })
  expect([pulled, stream.locked]).toEqual([2, false])
})

test('a body whose announced length is too large is not read', async () => {
  const request = posted('x')
  const source = { ...sourceOf(request), headers: { 'content-length': '11' } }
  expect(await readRawBody(source, limits)).toEqual({ kind: 'too-large' })
  expect(request.bodyUsed).toBe(false)
})

test('a body that another reader has read, or is reading, is not waited for', async () => {
  const read = posted('abc')
  await read.text()
  expect(await readRawBody(sourceOf(read), limits)).toEqual({ kind: 'consumed' })
  const stream = streamOf(() => undefined)
  stream.getReader()
  expect(await readRawBody({ stream, headers: {} }, limits)).toEqual({ kind: 'consumed' })
})

test('a body that does not come in time is given up, and one whose connection breaks is closed by the client', async () => {
  const silent = streamOf(() => undefined)
  expect(await readRawBody({ stream: silent, headers: {} }, { ...limits, timeoutMs: 5 })).toEqual({
    kind: 'timeout',
  })
  expect(silent.locked).toBe(false)
  const broken = streamOf((controller) => controller.error(new Error('reset')))
  expect(await readRawBody({ stream: broken, headers: {} }, limits)).toEqual({ kind: 'aborted' })
})

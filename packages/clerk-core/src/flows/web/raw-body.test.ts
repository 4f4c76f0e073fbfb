import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { readRawBody } from './raw-body.js'

const limits = { maxBytes: 10, timeoutMs: 5000 }

test('chunks are joined in the order of their arrival', async () => {
  const stream = new PassThrough()
  stream.write(Buffer.from([0xff, 0x00]))
  stream.end(Buffer.from([0x0a]))
  const body = await readRawBody({ stream, headers: {} }, limits)
  expect(body).toEqual({ kind: 'bytes', bytes: Buffer.from([0xff, 0x00, 0x0a]) })
})

test('exactly the limit is allowed, a byte more is not', async () => {
  for (const [size, kind] of [
    [10, 'bytes'],
    [11, 'too-large'],
  ] as const) {
    const stream = new PassThrough()
    stream.end('x'.repeat(size))
    expect((await readRawBody({ stream, headers: {} }, limits)).kind).toBe(kind)
    expect((await readRawBody({ stream, headers: {}, rawBody: 'x'.repeat(size) }, limits)).kind).toBe(kind)
  }
})

test('a body whose announced length is too large is not read', () => {
  const stream = new PassThrough()
  stream.write('x')
  expect(readRawBody({ stream, headers: { 'content-length': '11' } }, limits)).toEqual({ kind: 'too-large' })
  expect(stream.readableDidRead).toBe(false)
})

test('nothing is buffered beyond the limit', async () => {
  const stream = new PassThrough()
  const reading = readRawBody({ stream, headers: {} }, limits)
  stream.write('x'.repeat(11))
  expect(await reading).toEqual({ kind: 'too-large' })
  expect(stream.listenerCount('data')).toBe(0)
  expect(stream.isPaused()).toBe(true)
})

test('bytes and text that a parser has saved are used; what it parsed from them is not', () => {
  const stream = new PassThrough()
  const read = (saved: object) => readRawBody({ stream, headers: {}, ...saved }, limits)
  expect(read({ rawBody: Buffer.from('a'), body: {} })).toEqual({ kind: 'bytes', bytes: Buffer.from('a') })
  expect(read({ rawBody: 'ä' })).toEqual({ kind: 'bytes', bytes: Buffer.from('ä', 'utf8') })
  expect(read({ body: new Uint8Array([1]) })).toEqual({ kind: 'bytes', bytes: new Uint8Array([1]) })
})

test('a stream that another reader has consumed is not waited for', async () => {
  const stream = new PassThrough()
  stream.end('abc')
  for await (const _ of stream);
  expect(readRawBody({ stream, headers: {}, body: { parsed: true } }, limits)).toEqual({ kind: 'consumed' })
})

test('a stream that breaks, before or during reading, counts as closed by the client', async () => {
  const gone = new PassThrough()
  gone.destroy()
  expect(readRawBody({ stream: gone, headers: {} }, limits)).toEqual({ kind: 'aborted' })
  const leaving = new PassThrough()
  const reading = readRawBody({ stream: leaving, headers: {} }, limits)
  leaving.destroy(new Error('reset'))
  expect(await reading).toEqual({ kind: 'aborted' })
})

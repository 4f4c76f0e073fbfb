/** Name and value pairs: a flat array in RESP2, a map or an object in RESP3. */
export function pairs(reply: unknown): Map<string, unknown> {
  if (reply instanceof Map) return new Map([...reply].map(([name, value]) => [String(name), value]))
  if (!Array.isArray(reply)) return new Map(Object.entries(reply ?? {}))
  if (reply.every((item) => Array.isArray(item) && item.length === 2)) {
    return new Map(reply.map(([name, value]: unknown[]) => [String(name), value]))
  }
  const flat: unknown[] = reply
  return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[String(name), flat[i + 1]] as const] : [])))
}

export interface Entry {
  readonly id: string
  /** `null`: not one of ours. */
  readonly position: string | null
}

/** The entries of one stream in the answer of `XREAD`; `nil` when the time was up. */
export function entriesOf(reply: unknown, stream: string): Entry[] {
  if (reply === null || reply === undefined) return []
  const entries = pairs(reply).get(stream)
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry: unknown) => {
    if (!Array.isArray(entry)) return []
    const [id, fields] = entry as unknown[]
    const position = pairs(fields).get('position')
    return [{ id: String(id), position: typeof position === 'string' ? position : null }]
  })
}

/** Ids are `milliseconds-sequence`, both up to 2^64. */
export function isBefore(a: string, b: string): boolean {
  const [aMs, aSeq] = numbers(a)
  const [bMs, bSeq] = numbers(b)
  return aMs === bMs ? aSeq < bSeq : aMs < bMs
}

function numbers(id: string): [bigint, bigint] {
  const [, ms = '0', sequence = '0'] = /^(\d+)-(\d+)$/.exec(id) ?? []
  return [BigInt(ms), BigInt(sequence)]
}

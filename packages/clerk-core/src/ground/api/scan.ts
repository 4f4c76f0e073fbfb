/** Clerk's largest page. */
const PAGE = 500

export interface Page {
  readonly limit: number
  readonly offset: number
  /** Milliseconds, exclusive; only asked of lists that know it. */
  readonly createdAfter: number | undefined
}

export interface ScanOptions<T> {
  /** A page in ascending order of creation. */
  readonly fetchPage: (page: Page) => Promise<readonly T[]>
  readonly id: (row: T) => string
  /** Milliseconds. */
  readonly createdAt: (row: T) => number
  /** The list can be asked for what was created after a time. */
  readonly windowed: boolean
  readonly pageSize?: number
}

/**
 * Every row of a list that changes while it is read. Clerk has offsets only, and a deletion shifts them: the page
 * after it would begin too late. So each page must begin with a row already seen; where it does not, the scan steps
 * back until it does. Rows already yielded are recognised by their time of creation, and only those of the last
 * instant are remembered.
 */
export async function* scan<T>({
  fetchPage,
  id,
  createdAt,
  windowed,
  pageSize = PAGE,
}: ScanOptions<T>): AsyncGenerator<T, void, undefined> {
  let last = Number.NEGATIVE_INFINITY
  let atLast = new Set<string>()
  let createdAfter: number | undefined
  let offset = 0
  const seen = (row: T) => createdAt(row) < last || (createdAt(row) === last && atLast.has(id(row)))

  for (;;) {
    const rows = await fetchPage({ limit: pageSize, offset, createdAfter })
    const [first] = rows
    if (offset > 0 && (first === undefined || !seen(first))) {
      offset = Math.max(0, offset - pageSize)
      continue
    }
    for (const row of rows) {
      if (seen(row)) continue
      if (createdAt(row) > last) {
        last = createdAt(row)
        atLast = new Set()
      }
      atLast.add(id(row))
      yield row
    }
    if (rows.length < pageSize) return
    const window = windowed ? last - 1 : undefined
    if (window !== createdAfter) {
      createdAfter = window
      offset = 0
    } else {
      // One row of overlap proves that nothing before it went away.
      offset += pageSize - 1
    }
  }
}

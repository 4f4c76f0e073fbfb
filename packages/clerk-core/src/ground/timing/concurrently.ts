/**
 * What `work` makes of each value, at most `limit` of them at a time, in the order in which they are done. After a failure
 * nothing more is begun, what is under way is still yielded, and then the failure is thrown. A consumer that leaves waits
 * for what is under way.
 */
export async function* concurrently<T, R>(
  values: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (value: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underWay = new Set<Promise<void>>()
  let done: R[] = []
  let failure: { readonly error: unknown } | null = null
  const fail = (error: unknown) => {
    failure ??= { error }
  }
  const begin = (value: T) => {
    const running: Promise<void> = work(value)
      .then((result) => void done.push(result), fail)
      .finally(() => underWay.delete(running))
    underWay.add(running)
  }
  const taken = () => {
    const results = done
    done = []
    return results
  }

  try {
    try {
      for await (const value of values) {
        if (failure !== null) break
        begin(value)
        if (underWay.size >= limit) await Promise.race(underWay)
        yield* taken()
      }
    } catch (error) {
      fail(error)
    }
    while (underWay.size > 0) {
      await Promise.race(underWay)
      yield* taken()
    }
    yield* taken()
  } finally {
    await Promise.allSettled(underWay)
  }
  // Assigned in a callback, which the compiler does not see.
  const failed = failure as { readonly error: unknown } | null
  if (failed !== null) throw failed.error
}

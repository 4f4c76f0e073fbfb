/** Freezes plain JSON. A list instead of recursion: a payload may be nested thousands deep. */
export function deepFreeze<T>(root: T): T {
  const open: unknown[] = [root]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue
    Object.freeze(value)
    for (const child of Object.values(value))
      if (typeof child === 'object' && child !== null) open.push(child)
  }
  return root
}

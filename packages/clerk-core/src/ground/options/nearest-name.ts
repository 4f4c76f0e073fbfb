/** The name that was probably meant: the same but for case and at most two letters (`rol`, `Roles`, `permision`). */
export function nearestName(given: string, names: readonly string[]): string | null {
  const distances = names.map((name) => [name, distance(given.toLowerCase(), name.toLowerCase())] as const)
  const nearest = distances.reduce((best, next) => (next[1] < best[1] ? next : best))
  return nearest[1] <= Math.min(2, nearest[0].length / 2) ? nearest[0] : null
}

/** The same, and one that was only begun: `session.grace`, of which the unit is missing. */
export function meantName(given: string, names: readonly string[]): string | null {
  const begun = names.find(
    (known) => given.length >= 4 && known.toLowerCase().startsWith(given.toLowerCase()),
  )
  return nearestName(given, names) ?? begun ?? null
}

/** Levenshtein's, with one row at a time. Names are short; longer texts cannot be near. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

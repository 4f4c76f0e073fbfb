/** What `fromEnv` has seen, for `createClerk` to compare with what it gets. Names alone, no values. */
export interface EnvNotes {
  /** The options that were set, each with its variable: `session.graceSeconds` → `CLERK_…`. */
  readonly read: ReadonlyMap<string, string>
  /** Variables, and entries of lists, that hold a placeholder. */
  readonly placeholders: readonly string[]
  /** Sentences about variables that nothing here reads. */
  readonly unread: readonly string[]
}

/** A symbol, because `{ ...fromEnv(), … }` copies it and `Object.keys` does not see it. */
const NOTES: unique symbol = Symbol.for('acme.clerk.env')

export function withNotes<T extends object>(options: T, notes: EnvNotes): T {
  return Object.assign(options, { [NOTES]: notes })
}

export function notesOf(part: object): EnvNotes | null {
  return (part as { readonly [NOTES]?: EnvNotes })[NOTES] ?? null
}

/** Whether the secret key is of the instance whose tokens are verified here. */
export type InstanceProof = 'proven' | 'other-instance' | 'instance-not-proven'

/** Why rows that a complete listing lacks were left as they are. */
export type LeftBecause =
  /** More than a tenth of them, and more than a handful: the listing may be wrong. See `force`. */
  | 'too-many-missing'
  /** The secret key is another instance's: its key set has none of the keys that sign our tokens. */
  | 'other-instance'
  /** It is not known whose the secret key is: no set of keys to compare with could be read. */
  | 'instance-not-proven'

/** What a complete listing of Clerk's meant for the rows that it lacks. Ids are Clerk's. */
export interface ListingResult {
  /** Rows that are deleted now: neither the listing nor a request by their ids knows them. */
  readonly ended: readonly string[]
  /** Rows that the listing lacks and that were left. */
  readonly left: readonly string[]
  /** `null`: none was left. */
  readonly leftBecause: LeftBecause | null
}

export interface RefreshOptions {
  /** Ends rows however many of them the listing lacks. Still only those that a request by id does not find either. */
  readonly force?: boolean
}

/** A listing of Clerk's beside our rows. `T` is the snapshot of one entry. */
export interface CompleteListing<T extends { readonly clerkId: string }> {
  /** Ids of our rows that are not deleted. Read before the listing is: what is made meanwhile cannot be missing. */
  readonly ours: () => Promise<readonly string[]>
  readonly each: () => AsyncIterable<T> | Iterable<T>
  /** Those of these that Clerk has, asked for by their ids. */
  readonly find: (ids: readonly string[]) => Promise<readonly T[]>
  readonly apply: (snapshot: T) => Promise<unknown>
  /** @param at milliseconds */
  readonly remove: (id: string, at: number) => Promise<unknown>
}

export interface ListingSettings extends RefreshOptions {
  readonly proof: () => Promise<InstanceProof>
  /** Milliseconds. */
  readonly now: () => number
  /** Asks Clerk and writes nothing; the result says what would be ended. */
  readonly dryRun?: boolean
}

export interface EndingPlan {
  /** Ours that the listing lacks, in our order. */
  readonly missing: readonly string[]
  readonly tooMany: boolean
}

/** A handful may be missing from a small list: one member of five who left must not stay for ever. */
const HANDFUL = 5
const SHARE = 0.1

/**
 * What is missing, and whether it is too much to be believed: more than a tenth and more than {@link HANDFUL}, or, of a
 * short list, more than half. An empty answer is therefore never believed where two rows or more are expected.
 */
export function planEnding(
  ours: readonly string[],
  listed: ReadonlySet<string>,
  { force = false }: RefreshOptions = {},
): EndingPlan {
  const own = [...new Set(ours)]
  const missing = own.filter((id) => !listed.has(id))
  const most = Math.max(Math.floor(own.length * SHARE), Math.min(HANDFUL, Math.ceil(own.length / 2)))
  return { missing, tooMany: !force && missing.length > most }
}

/** Of a listing that lacks nothing of ours. */
export const NOTHING_MISSING: ListingResult = Object.freeze({ ended: [], left: [], leftBecause: null })

/**
 * Applies every entry of a listing, and ends the rows that it lacks. Whatever rejects (a page that fails, a store that is
 * down) ends nothing more: what was applied and ended before stays, and the next call does the rest.
 */
export async function readCompleteListing<T extends { readonly clerkId: string }>(
  listing: CompleteListing<T>,
  { proof, now, force = false, dryRun = false }: ListingSettings,
): Promise<ListingResult> {
  const apply = async (snapshot: T) => {
    if (!dryRun) await listing.apply(snapshot)
  }
  const ours = await listing.ours()
  const listed = new Set<string>()
  for await (const snapshot of listing.each()) {
    listed.add(snapshot.clerkId)
    await apply(snapshot)
  }
  const { missing, tooMany } = planEnding(ours, listed, { force })
  if (missing.length === 0) return NOTHING_MISSING
  if (tooMany) return { ended: [], left: missing, leftBecause: 'too-many-missing' }
  const proven = await proof()
  if (proven !== 'proven') return { ended: [], left: missing, leftBecause: proven }

  const ended: string[] = []
  for (let from = 0; from < missing.length; from += ASKED_AT_ONCE) {
    const asked = missing.slice(from, from + ASKED_AT_ONCE)
    const found = await listing.find(asked)
    // The deletion is as late as is known: a token that was issued before this answer may still say otherwise.
    const at = now()
    for (const snapshot of found) await apply(snapshot)
    const present = new Set(found.map(({ clerkId }) => clerkId))
    for (const id of asked) {
      if (present.has(id)) continue
      if (!dryRun) await listing.remove(id, at)
      ended.push(id)
    }
  }
  return { ...NOTHING_MISSING, ended }
}

/** Clerk takes a hundred ids in one filter. */
const ASKED_AT_ONCE = 100

/** Clerk's presets, or minutes of one's own. */
export type Reverification =
  | 'strict_mfa'
  | 'strict'
  | 'moderate'
  | 'lax'
  | { readonly level: 'first_factor' | 'second_factor' | 'multi_factor'; readonly afterMinutes: number }

/** What `auth.has()` can be asked. Everything asked must hold; asking nothing is false. */
export interface HasParams {
  /** `admin` and `org:admin` are the same. */
  readonly role?: string
  readonly permission?: string
  /** `dashboard`, `o:dashboard` or `u:dashboard`. */
  readonly feature?: string
  readonly plan?: string
  readonly reverification?: Reverification
}

/** When something is true without being looked at again. Milliseconds; the end itself is not in it. */
export interface Span {
  readonly from: number
  readonly until: number
}

export const ALWAYS: Span = Object.freeze({
  from: Number.NEGATIVE_INFINITY,
  until: Number.POSITIVE_INFINITY,
})
export const NEVER: Span = Object.freeze({ from: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY })

/** What a store has found about its own database: something that will refuse a write, or make reads slow. */
export interface StoreFinding {
  /** `error`: some write will be refused for good. */
  readonly severity: 'error' | 'warning'
  /** What is wrong, with names of the schema alone. */
  readonly message: string
  /** What to do: the very statement, where there is one. */
  readonly remedy: string
}

/** What any of the three stores may have besides its own methods. */
export interface InspectableStore {
  /**
   * For `clerk.check()` and `clerk.ready()`: what in the database will refuse a write, each with what mends it. Writes
   * nothing. Rejects when the store cannot be asked.
   *
   * @param use what the configuration wants of the store: a row that cannot be linked is no fault where none is to be
   */
  inspect?(use?: { readonly linking: boolean }): Promise<readonly StoreFinding[]>
}

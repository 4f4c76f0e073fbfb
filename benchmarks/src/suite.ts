/** One thing that is measured: ours against peers, in one run on one machine. */
export interface Suite {
  /** Kebab-case; what `--only` names. */
  readonly name: string
  run(context: Context): Promise<readonly Row[]>
}

export interface Context {
  /** A run of seconds that checks that everything works; its ratios mean nothing. */
  readonly smoke: boolean
  /** `full`, or in a smoke run `smoke`. */
  pick<T>(full: T, smoke: T): T
}

/** A line of the table: what was measured and how it compares. */
export interface Row {
  readonly what: string
  /** Who, ours first. */
  readonly results: readonly Result[]
  readonly targets?: readonly Target[]
}

export interface Result {
  readonly who: string
  readonly value: number
  readonly unit:
    | 'µs/op'
    | 'fetches'
    | 'MB'
    | 'bytes/entry'
    | 'req/s'
    | 'rows/s'
    | 'ms'
    | 'rounds'
    | 'statements'
    | 'events/s'
    | '×'
  /** How many times better than this ours is (1: equal); absent for ours and where comparing means nothing. */
  readonly oursIsBetterBy?: number
}

/** A number to hold. */
export interface Target {
  readonly text: string
  readonly met: boolean
  /** Counts hold in a smoke run as well; ratios do not. */
  readonly alsoInSmoke?: boolean
}

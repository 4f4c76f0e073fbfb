import type { Family } from './drizzle.js'
import { OrganizationScopeError, refuse } from './organization-scope-error.js'

/** What an expression will be in the statement: SQL text, or something that Drizzle writes for us. */
export type Piece =
  | { readonly text: string }
  /** A column, a name, a value. `list`: it comes in parentheses. */
  | { readonly kind: 'operand' | 'list' }

const list = (words: string) => words.trim().split(/\s+/)

/**
 * The words that the text of an expression may hold. None of them, with or without parentheses, reads a table; what is no
 * such word is no column either, as columns are given as objects.
 */
const WORDS: ReadonlySet<string> = new Set([
  // Operators and constants.
  ...list(`and or not is null true false unknown in any all some exists like ilike similar to glob regexp rlike between
    escape case when then else end as asc desc nulls first last distinct collate nocase div mod xor isnull notnull symmetric
    array row default current_date current_time current_timestamp localtime localtimestamp at time zone interval`),
  // Types.
  ...list(`text varchar char character varying integer int int2 int4 int8 smallint bigint numeric decimal real double precision
    float float4 float8 boolean bool date timestamp timestamptz timetz datetime json jsonb uuid bytea signed unsigned binary
    year quarter month week day hour minute second microsecond epoch dow doy isodow century decade`),
  // Aggregates and windows.
  ...list(`count sum avg min max total string_agg array_agg group_concat json_agg jsonb_agg json_object_agg jsonb_object_agg
    json_group_array json_group_object json_arrayagg json_objectagg bool_and bool_or every bit_and bit_or stddev stddev_pop
    stddev_samp variance var_pop var_samp percentile_cont percentile_disc mode corr filter within over partition by order
    separator rows range groups unbounded preceding following current row_number rank dense_rank percent_rank cume_dist ntile
    lag lead first_value last_value nth_value`),
  // Values.
  ...list(`coalesce nullif ifnull iif if greatest least cast abs ceil ceiling floor round trunc truncate sign sqrt power pow exp
    ln log log10 log2 pi random rand randomblob gen_random_uuid`),
  // Texts.
  ...list(`lower upper length char_length character_length octet_length substr substring trim ltrim rtrim btrim replace concat
    concat_ws left right lpad rpad repeat reverse position strpos instr locate split_part initcap translate ascii chr hex unhex
    md5 encode decode format printf to_char to_number overlay regexp_replace regexp_like regexp_matches regexp_substr
    regexp_split_to_array starts_with both leading trailing for unaccent similarity levenshtein soundex to_tsvector to_tsquery
    plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline setweight match against boolean mode
    natural language query expansion`),
  // Times.
  ...list(`now date_trunc date_part date_bin extract age to_date to_timestamp make_date make_interval justify_days
    clock_timestamp statement_timestamp transaction_timestamp strftime julianday unixepoch curdate curtime sysdate utc_timestamp
    date_add date_sub datediff timestampdiff timestampadd date_format str_to_date from_unixtime unix_timestamp dayofweek
    dayofmonth dayofyear last_day weekday`),
  // JSON and lists.
  ...list(`json_build_object json_build_array jsonb_build_object jsonb_build_array to_json to_jsonb json_typeof jsonb_typeof
    json_array_length jsonb_array_length json_extract json_unquote json_extract_path json_extract_path_text jsonb_extract_path
    jsonb_extract_path_text jsonb_set jsonb_insert jsonb_strip_nulls jsonb_path_exists jsonb_path_query_first json_array
    json_object json_type json_valid json_length json_contains json_contains_path json_keys json_set json_insert json_replace
    json_remove json_merge_patch json_patch json_quote json_overlaps array_length cardinality array_append array_prepend
    array_remove array_position array_to_string string_to_array`),
  // What an upsert is given.
  ...list('excluded values'),
])

/** Words that belong to a statement, and where in an expression they are something else. */
const ONLY: Readonly<Record<string, (place: Place) => boolean>> = {
  from: ({ inside, before, beforeThat }) =>
    ['extract', 'trim', 'substring', 'overlay'].includes(inside ?? '') ||
    (before === 'distinct' && (beforeThat === 'is' || beforeThat === 'not')),
  for: ({ inside }) => inside === 'substring' || inside === 'overlay',
  where: ({ inside }) => inside === 'filter',
  group: ({ before }) => before === 'within',
  with: ({ before }) => before === 'timestamp' || before === 'time',
}

interface Place {
  /** The word in front of the parentheses that are open. */
  readonly inside: string | undefined
  readonly before: string | null
  readonly beforeThat: string | null
}

const OPERATORS: Readonly<Record<Family, string>> = {
  pg: '[-+*/%<>=!~^&|.,@#?:\\[\\]]',
  // In these `?`, `:`, `@` and `#` are parameters, variables and comments.
  mysql: '[-+*/%<>=!~^&|.,]',
  sqlite: '[-+*/%<>=!~^&|.,]',
}
const tokenOf = (operator: string) =>
  new RegExp(
    `(?<space>[ \\t\\r\\n]+)|(?<operand>'(?:[^'\\\\]|'')*'|\\d+(?:\\.\\d+)?)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<open>\\()|(?<close>\\))|(?<operator>${operator})`,
    'y',
  )
const TOKENS = {
  pg: tokenOf(OPERATORS.pg),
  mysql: tokenOf(OPERATORS.mysql),
  sqlite: tokenOf(OPERATORS.sqlite),
}

type Kind = 'start' | 'operand' | 'word' | 'open' | 'close' | 'operator'

/**
 * Whether an expression is one: it ends what it begins, and says nothing that could reach another table.
 *
 * @param functions further words
 * @throws {OrganizationScopeError} for text that is not known to be harmless
 */
export function checkWords(pieces: readonly Piece[], family: Family, functions: ReadonlySet<string>): void {
  const scan = new Scan(family, functions)
  for (const piece of merged(pieces)) {
    if ('kind' in piece) scan.written(piece.kind)
    else scan.text(piece.text)
  }
  scan.end()
}

/** Text of neighbours is one text: `sel` and `ect`. */
function merged(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = []
  for (const piece of pieces) {
    const last = found.at(-1)
    if ('text' in piece && last !== undefined && 'text' in last)
      found[found.length - 1] = { text: last.text + piece.text }
    else found.push(piece)
  }
  return found
}

class Scan {
  readonly #family: Family
  readonly #functions: ReadonlySet<string>
  readonly #opened: string[] = []
  #last: Kind = 'start'
  /** Words that follow each other. */
  #words: readonly [before: string | null, beforeThat: string | null] = [null, null]
  #dotAfter: string | null = null

  constructor(family: Family, functions: ReadonlySet<string>) {
    this.#family = family
    this.#functions = functions
  }

  written(kind: 'operand' | 'list'): void {
    if (kind === 'operand') this.#operand()
    else {
      this.#open()
      this.#close()
    }
  }

  text(text: string): void {
    if (/--|\/\*|\*\//.test(text)) refuse('The SQL text of an expression may hold no comments.')
    const token = TOKENS[this.#family]
    for (token.lastIndex = 0; token.lastIndex < text.length; ) {
      const at = token.lastIndex
      const found = token.exec(text)?.groups
      if (found === undefined)
        throw new OrganizationScopeError(`The SQL text of an expression may not hold ${shown(text, at)}.`)
      if (found.word !== undefined) this.#word(found.word.toLowerCase())
      else if (found.operand !== undefined) this.#operand()
      else if (found.open !== undefined) this.#open()
      else if (found.close !== undefined) this.#close()
      else if (found.operator !== undefined) this.#operator(found.operator)
    }
  }

  end(): void {
    if (this.#opened.length > 0) refuse('An expression has to close the parentheses that it opens.')
    // What the statement goes on with would belong to it.
    if (this.#last === 'word' && ['in', 'from'].includes(this.#words[0] ?? ''))
      refuse('An expression has to end what it begins.')
  }

  #word(word: string): void {
    const [before, beforeThat] = this.#words
    this.#afterIn()
    if (this.#dotAfter === 'excluded') {
      this.#is('operand')
      return
    }
    const allowed =
      this.#dotAfter === null &&
      (WORDS.has(word) ||
        this.#functions.has(word) ||
        (Object.hasOwn(ONLY, word) && ONLY[word]?.({ inside: this.#opened.at(-1), before, beforeThat })))
    if (!allowed) {
      refuse(
        `The SQL text of an expression may not hold \`${word.slice(0, 40)}\`: write columns as \`\${table.column}\`, queries with the query builder, and name a function in \`functions\`.`,
      )
    }
    this.#is('word', word, before)
  }

  #operand(): void {
    this.#afterIn()
    this.#is('operand')
  }

  /** SQLite reads the whole of `x in "table"`. */
  #afterIn(): void {
    const inside = this.#opened.at(-1) ?? ''
    if (this.#family !== 'sqlite' && ['position', 'against'].includes(inside)) return
    if (this.#last === 'word' && this.#words[0] === 'in') refuse('`in` takes a list or a query.')
  }

  #open(): void {
    // After a name it would be the call of a function that is not looked at.
    if (this.#last === 'operand' || this.#last === 'close')
      refuse('An expression may call functions by their names in the SQL text only.')
    this.#opened.push(this.#last === 'word' ? (this.#words[0] ?? '') : '')
    this.#is('open')
  }

  #close(): void {
    if (this.#opened.pop() === undefined)
      refuse('An expression may close the parentheses only that it opens.')
    this.#is('close')
  }

  #operator(operator: string): void {
    if (operator === ',' && this.#opened.length === 0)
      refuse('A comma would end the expression: give several expressions.')
    const dotAfter = operator !== '.' ? null : this.#last === 'word' ? this.#words[0] : ''
    this.#is('operator')
    this.#dotAfter = dotAfter
  }

  #is(kind: Kind, word: string | null = null, before: string | null = null): void {
    this.#last = kind
    this.#words = [word, before]
    this.#dotAfter = null
  }
}

const shown = (text: string, at: number) => `\`${String.fromCodePoint(text.codePointAt(at) ?? 32)}\``

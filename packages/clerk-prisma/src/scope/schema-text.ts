/** One field as it is written in a Prisma schema. */
export interface WrittenField {
  readonly name: string
  readonly type: string
  readonly list: boolean
  readonly optional: boolean
  readonly unique: boolean
  /** Arguments of `@relation`, as far as they matter; `null`: there is none. */
  readonly relation: WrittenRelation | null
}

export interface WrittenRelation {
  readonly fields: readonly string[]
  readonly references: readonly string[]
  readonly onDelete: string | null
  readonly onUpdate: string | null
}

export interface WrittenModel {
  readonly name: string
  readonly fields: ReadonlyMap<string, WrittenField>
}

const TOKENS =
  /"(?:\\.|[^"\\])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\n|[\p{L}\p{N}_][\p{L}\p{N}_-]*|[^\S\n]+|[^\s]/gu
const IGNORED = /^(\/\/|\/\*|[^\S\n])/
const OPEN = '([{'
const CLOSE = ')]}'

/**
 * The models and views of a Prisma schema. Only what describes relations is read: names, types, `[]`, `?`, `@relation`,
 * and what is unique by itself.
 *
 * @throws {SyntaxError} for a text in which brackets do not match or a model has no body
 */
export function readSchemaText(text: string): ReadonlyMap<string, WrittenModel> {
  const tokens = (text.match(TOKENS) ?? []).filter((token) => !IGNORED.test(token))
  const models = new Map<string, WrittenModel>()
  let at = 0
  while (at < tokens.length) {
    if (tokens[at] === '{') {
      const end = closing(tokens, at)
      const [kind, name] = [tokens[at - 2], tokens[at - 1]]
      if ((kind === 'model' || kind === 'view') && name !== undefined) {
        models.set(name, { name, fields: readFields(linesOf(tokens.slice(at + 1, end))) })
      }
      at = end
    }
    at += 1
  }
  return models
}

/** Position of the bracket that closes the one at `start`. */
function closing(tokens: readonly string[], start: number): number {
  let depth = 0
  for (let at = start; at < tokens.length; at += 1) {
    const token = tokens[at] ?? ''
    if (OPEN.includes(token)) depth += 1
    else if (CLOSE.includes(token)) depth -= 1
    if (depth === 0) return at
  }
  throw new SyntaxError('A bracket is not closed.')
}

/** The body of a block by lines; what stands in brackets may go over several. */
function linesOf(tokens: readonly string[]): string[][] {
  const lines: string[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (OPEN.includes(token)) depth += 1
    else if (CLOSE.includes(token)) depth -= 1
    if (token !== '\n') lines.at(-1)?.push(token)
    else if (depth === 0) lines.push([])
  }
  return lines.filter(({ length }) => length > 0)
}

function readFields(lines: readonly string[][]): ReadonlyMap<string, WrittenField> {
  const unique = new Set(lines.flatMap(uniqueByItself))
  const fields = new Map<string, WrittenField>()
  for (const [name = '', type = '', ...rest] of lines) {
    if (name === '@') continue
    const attributes = attributesOf(rest)
    const relation = attributes.get('relation')
    fields.set(name, {
      ...{ name, type },
      list: rest[0] === '[',
      optional: rest[0] === '?',
      unique: attributes.has('id') || attributes.has('unique') || unique.has(name),
      relation: relation === undefined ? null : readRelation(relation),
    })
  }
  return fields
}

/** `@@unique([a])` and `@@id([a])`. */
function uniqueByItself(line: readonly string[]): string[] {
  const [first, second, name = ''] = line
  if (first !== '@' || second !== '@' || !['unique', 'id'].includes(name)) return []
  const list = listIn(line)
  return list.length === 1 ? list : []
}

/** `@name(…)`, by name, with the tokens between the brackets. */
function attributesOf(tokens: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>()
  for (let at = 0; at < tokens.length; at += 1) {
    if (tokens[at] !== '@') continue
    const name = tokens[at + 1] ?? ''
    const start = at + 2
    const end = tokens[start] === '(' ? closing(tokens, start) : start
    attributes.set(name, tokens.slice(start + 1, end))
    at = Math.max(at + 1, end - (end === start ? 1 : 0))
  }
  return attributes
}

function readRelation(tokens: readonly string[]): WrittenRelation {
  const after = (name: string) => {
    const at = tokens.findIndex((token, index) => token === name && tokens[index + 1] === ':')
    return at < 0 ? [] : tokens.slice(at + 2)
  }
  return {
    fields: listIn(after('fields')),
    references: listIn(after('references')),
    onDelete: after('onDelete')[0] ?? null,
    onUpdate: after('onUpdate')[0] ?? null,
  }
}

/** The names in the first `[…]`, without their own arguments: `[a, b(sort: Desc)]` is a and b. */
function listIn(tokens: readonly string[]): string[] {
  const start = tokens.indexOf('[')
  if (start < 0) return []
  const names: string[] = []
  const end = closing(tokens, start)
  for (let at = start + 1; at < end; at += 1) {
    const token = tokens[at] ?? ''
    if (token === '(') at = closing(tokens, at)
    else if (token !== ',' && token !== '\n') names.push(token)
  }
  return names
}

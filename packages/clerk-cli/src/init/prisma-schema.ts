/** The models of a Prisma schema, each with its text, by their names. */
export function modelsOf(schema: string): ReadonlyMap<string, string> {
  return new Map(
    [...schema.matchAll(/^model (\w+) \{\n[\s\S]*?^\}/gm)].map(([whole, name = '']) => [name, whole]),
  )
}

/** Types of the fields of a model, by their names, as they are written: `String?`. */
export function fieldsOf(model: string): ReadonlyMap<string, string> {
  return new Map(
    [...model.matchAll(/^[ \t]+(\w+)[ \t]+(\w+(?:\[\]|\?)?)/gm)].map(([, name = '', type = '']) => [
      name,
      type,
    ]),
  )
}

const ATTRIBUTE = /^[ \t]+@@.*$/gm
const normal = (line: string) => line.replace(/\s/g, '')

/** The model with the fields and indexes that it lacks: fields after its last one, indexes at its end. */
export function extendModel(model: string, shipped: string): string {
  const own = fieldsOf(model)
  const fields = shipped.split('\n').filter((line) => {
    const [, name] = /^\s+(\w+)\s+\w/.exec(line) ?? []
    return name !== undefined && !own.has(name)
  })
  const attributes = (model.match(ATTRIBUTE) ?? []).map(normal)
  const indexes = (shipped.match(ATTRIBUTE) ?? []).filter((line) => !attributes.includes(normal(line)))
  const lines = model.split('\n')
  const last = lines.findLastIndex((line) => /^\s+\w+\s+\w/.test(line))
  const end = lines.length - 1
  return [
    ...lines.slice(0, last + 1),
    ...(fields.length > 0 ? ['', ...fields] : []),
    ...lines.slice(last + 1, end),
    ...(indexes.length > 0 && attributes.length === 0 ? [''] : []),
    ...indexes,
    ...lines.slice(end),
  ].join('\n')
}

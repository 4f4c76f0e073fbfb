type Details = Readonly<Record<string, unknown>>

const isDetails = (value: unknown): value is Details =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const texts = (value: unknown): readonly string[] =>
  list(value).filter((one): one is string => typeof one === 'string')

/** Lists that a validator's answer nests, by the field that holds them. */
const NESTED = ['schemaRulesNotSatisfied', 'clausesNotSatisfied', 'details', 'schemasNotSatisfied'] as const

interface Failing {
  path: string
  isMissing: boolean
}

function* failing(details: unknown, parent: string): Generator<Failing> {
  if (Array.isArray(details)) {
    for (const one of details) yield* failing(one, parent)
    return
  }
  if (!isDetails(details)) return
  const at = (name: string) => (parent === '' ? name : `${parent}.${name}`)
  for (const name of texts(details.missingProperties)) yield { path: at(name), isMissing: true }
  // Deeper names come from the document: keys of metadata, which may be anyone's data.
  if (parent === '') {
    for (const name of texts(details.additionalProperties)) yield { path: name, isMissing: false }
  }
  for (const property of list(details.propertiesNotSatisfied)) {
    if (!isDetails(property) || typeof property.propertyName !== 'string') continue
    const path = at(property.propertyName)
    const inner = [...failing(property.details, path)]
    yield* inner.length > 0 ? inner : [{ path, isMissing: false }]
  }
  for (const name of NESTED) yield* failing(details[name], parent)
  // A validator of query operators says which condition failed: `{ email: { $type: 'string' } }`.
  if (isDetails(details.specifiedAs) && parent === '' && details.propertiesNotSatisfied === undefined) {
    const isExistence = details.operatorName === '$exists'
    for (const [name, condition] of Object.entries(details.specifiedAs)) {
      if (
        !name.startsWith('$') &&
        isDetails(condition) &&
        Object.keys(condition).some((key) => key.startsWith('$'))
      )
        yield { path: name, isMissing: isExistence }
    }
  }
}

/**
 * The paths that a validator has refused, from the `errInfo` of error 121, as the schema or the collection names them.
 * `isMissing`: all of them are required, and absent. Values (`consideredValue`) stay where they are.
 *
 * @see https://www.mongodb.com/docs/manual/core/schema-validation/handle-invalid-documents/
 */
export function failingPaths(info: unknown): { paths: readonly string[]; isMissing: boolean } {
  const found = isDetails(info) ? [...failing(info.details, '')] : []
  return {
    paths: [...new Set(found.map(({ path }) => path))],
    isMissing: found.length > 0 && found.every(({ isMissing }) => isMissing),
  }
}

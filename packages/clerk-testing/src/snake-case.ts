/** Top-level keys from camel case to snake case, as the official client sends them. A single e-mail address becomes a list. */
export function snakeCase(params: object): Record<string, unknown> {
  const entries = Object.entries(params).map(([key, value]): [string, unknown] => {
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    return [name, lists.has(name) && typeof value === 'string' ? [value] : value]
  })
  return Object.fromEntries(entries)
}

const lists = new Set(['email_address', 'phone_number'])

import { readSnippets } from '@acme/tools/snippets'

/** Every titled file of a guide but those that are named, by name: what its applications import. */
export async function filesOf(guide: URL, but: readonly string[]): Promise<Record<string, string>> {
  const snippets = await readSnippets(guide)
  return Object.fromEntries(
    snippets.flatMap(({ language, info, code }) =>
      language === 'ts' && info !== '' && !but.includes(info) ? [[info, code]] : [],
    ),
  )
}

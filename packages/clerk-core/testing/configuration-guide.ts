import { REPLACED, VARIABLES } from '../src/env.js'
import {
  defaultOf,
  OPTION_CHAPTERS,
  OPTIONS,
  type OptionChapter,
  type OptionEntry,
  type OptionName,
} from '../src/options-table.js'

/** Names of the settings of django-clerk-users that are variables here as well. */
const OF_DJANGO = new Set([
  'CLERK_SECRET_KEY',
  'CLERK_JWT_KEY',
  'CLERK_WEBHOOK_SIGNING_KEY',
  'CLERK_FRONTEND_HOSTS',
  'CLERK_AUTH_PARTIES',
  'CLERK_SESSION_REVALIDATION_SECONDS',
  'CLERK_CACHE_TIMEOUT',
  'CLERK_ORG_CACHE_TIMEOUT',
])

const FORMS = { list: 'list, separated by commas', number: 'whole number of seconds' } as const

/** The text of `docs/configuration.md`. */
export function configurationGuide(): string {
  const names = Object.keys(OPTIONS) as OptionName[]
  const chapters = (Object.keys(OPTION_CHAPTERS) as OptionChapter[]).map((chapter) => {
    const rows = names.filter((name) => OPTIONS[name].chapter === chapter).map(optionRow)
    return table(OPTION_CHAPTERS[chapter], ['option', 'default (range)', 'unit', 'variable', 'effect'], rows)
  })
  const variables = VARIABLES.map(({ option, names: [name, ...others], form }) => [
    code(name),
    others.map(code).join(', ') || '–',
    `[\`${option}\`](#${anchor(option)})`,
    form === undefined ? 'text' : FORMS[form],
    [name, ...others]
      .filter((one) => OF_DJANGO.has(one))
      .map(code)
      .join(', ') || '–',
  ])
  const replaced = Object.entries(REPLACED).map(([name, text]) => [code(name), text])
  return `${[
    HEAD,
    ...chapters,
    table(
      'Variables',
      ['variable', 'older names', 'option', 'form', 'in the Django packages'],
      variables,
      ABOUT_VARIABLES,
    ),
    table(
      'Variables of the Django packages that nothing reads',
      ['variable', 'in its place'],
      replaced,
      ABOUT_REPLACED,
    ),
    TAIL,
  ].join('\n\n')}\n`
}

const HEAD = `# Configuration

Every option of \`createClerk\` and every environment variable. The page is made of the tables in
[\`packages/clerk-core/src/options-table.ts\`](../packages/clerk-core/src/options-table.ts) and
[\`packages/clerk-core/src/env.ts\`](../packages/clerk-core/src/env.ts), and a test compares them. Middleware, routes and stores
have options of their own, which their READMEs describe.

\`\`\`ts
import { createClerk, fromEnv, memoryStore } from '@acme/clerk-core'

export const clerk = createClerk(fromEnv(), memoryStore(), { session: { graceSeconds: 60 } })
\`\`\`

\`createClerk\` takes one object or several parts. Parts are merged, option by option, in groups too: a later part wins, and
\`undefined\` overwrites nothing. Lists, stores and functions are taken whole. All problems are reported in one
\`ConfigurationError\`, each with its remedy; an option that is not on this page is one of them.

A spread does not merge groups. \`createClerk({ ...fromEnv(), session: { graceSeconds: 60 } })\` would drop
\`CLERK_SESSION_REVALIDATION_SECONDS\`; where that variable is set, it is refused.`

const ABOUT_VARIABLES = `\`fromEnv()\` reads these. The name in the first column comes first; an older name counts where it is missing.

Placeholders (\`sk_test_...\`, \`sk_live_replace_me\`, \`<your key>\`, \`your_secret_key\`) and empty values count as missing, in
lists entry by entry. What was dropped is named: in the error, or by the warning
[\`ACME_CLERK_PLACEHOLDER\`](errors.md#ACME_CLERK_PLACEHOLDER). A name that is nearly one of these is asked about by
[\`ACME_CLERK_ENV\`](errors.md#ACME_CLERK_ENV).

\`docker run --env-file\` keeps quotes and reads a file line by line: write values without quotes, and the newlines of
\`CLERK_JWT_KEY\` as \`\\n\`. Node's own \`--env-file\` takes both forms.`

const ABOUT_REPLACED = `What \`django-clerk-users\` called its settings. One that is set is told by the warning
[\`ACME_CLERK_ENV\`](errors.md#ACME_CLERK_ENV): it has no effect here.`

const TAIL = `## Variables of Node and of hosting

| variable | effect |
| --- | --- |
| \`NODE_ENV\` | \`production\`: keys of an offline Clerk and patterns of loopback ports are refused; keys of a development instance are warned about; \`clerk.check()\` asks more. |

\`authorizedParties: 'any'\`, \`provisioning\`, \`linking\`, \`accept\` and \`allowOfflineClerk\` have no variable: what gives up a
protection is written in code.`

function optionRow(name: OptionName): readonly string[] {
  const entry: OptionEntry = OPTIONS[name]
  const variables = VARIABLES.filter(({ option }) => option === name).flatMap(({ names }) => names)
  return [
    `<a id="${anchor(name)}"></a>\`${name}\``,
    defaultOf(name),
    entry.unit ?? '–',
    variables.map(code).join(', ') || '–',
    entry.effect,
  ]
}

function table(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  about?: string,
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `## ${title}\n`,
    ...(about === undefined ? [] : [`${about}\n`]),
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(line),
  ].join('\n')
}

const code = (text: string) => `\`${text}\``
const anchor = (name: string) => name.replace('.', '-')

import { CODES, type CodeEntry, type CodeKind } from '../src/ground/codes.js'

interface Group {
  readonly title: string
  /** Where its codes are seen. */
  readonly seen: string
  readonly about: string
}

/** The chapters of `docs/errors.md`, in their order. */
const GROUPS: Readonly<Record<CodeKind, Group>> = {
  token: {
    title: 'Session tokens',
    seen: '`TokenError.reason`',
    about:
      'Each is also the `auth.reason` of an anonymous request, and the reason of the event `auth.failure`. The checks are made in this order; [tokens.md](tokens.md) describes them.',
  },
  anonymous: {
    title: 'Anonymous requests',
    seen: '`auth.reason` of an anonymous request, event `auth.failure`',
    about: 'The request goes on as `anonymous`; a guard answers 401. The client does not see the reason.',
  },
  unavailable: {
    title: 'Unavailable',
    seen: '`auth.reason` of an unavailable answer, event `auth.unavailable`',
    about:
      'It is not known who is asking. A guard answers 503 with `Retry-After`; an outage signs no user out.',
  },
  denial: {
    title: 'Denied requests',
    seen: 'the body of a 401, 403 or 503',
    about: 'A guard answers `{ "error": …, "code": … }`. The body says no more than its code.',
  },
  route: {
    title: 'Our own routes',
    seen: 'the body that a route of ours answers',
    about: 'The routes of `clerkRoutes` and `clerkWebhook` answer in the same shape.',
  },
  webhook: {
    title: 'Webhooks',
    seen: '`outcome.kind`, event `webhook.failed`',
    about: 'How `clerk.receiveWebhook()` ended. The first three are answered with 200 and are no failures.',
  },
  'webhook-refusal': {
    title: 'Why a webhook was refused',
    seen: '`message` of the event `webhook.failed`',
    about: 'Only the operator sees these. The sender gets `webhook-refused` or `webhook-malformed`.',
  },
  'webhook-body': {
    title: 'What Svix is told',
    seen: 'the body that the webhook route answers',
    about: 'The dashboard of Clerk shows these bodies beside each attempt.',
  },
  'session-end': {
    title: 'Sessions that ended',
    seen: '`reason` of the event `session.ended`',
    about: 'Our record was removed from the session of the framework.',
  },
  connection: {
    title: 'Connections that ended',
    seen: '`end.reason` of a connection, close frame',
    about: 'A WebSocket is closed with code 4401 (for `unavailable` with 1013), and with the reason as text.',
  },
  check: {
    title: 'Findings of `clerk.check()`',
    seen: '`Diagnostic.code`',
    about: 'Each finding carries its remedy, and a message with the details that were found.',
  },
  thrown: {
    title: 'Errors that are thrown',
    seen: '`error.code`',
    about:
      'Messages hold no token, no secret and no address. `StoreFaultError` has the code of the database or its driver in `driverCode` (`P2002`, `23502`, `11000`).',
  },
  command: {
    title: 'The command line',
    seen: '`code` of a record `error` of `acme-clerk --json`',
    about: 'Beside the codes of errors that are thrown: see [cli.md](cli.md#for-programs).',
  },
  warning: {
    title: 'Process warnings',
    seen: '`process.on("warning")`',
    about:
      'Node prints them on standard error, with their code in brackets. Where a `logger` was given they go there, as `warn`.',
  },
}

/** `docs/errors.md`, made of the table of codes. */
export function errorsGuide(): string {
  const entries = Object.entries<CodeEntry>(CODES)
  const chapters = (Object.keys(GROUPS) as CodeKind[]).map((kind) => {
    const { title, seen, about } = GROUPS[kind]
    const rows = entries
      .filter(([, { metIn }]) => metIn[0] === kind)
      .map(([code, entry]) =>
        row(code, entry, new Set([seen, ...(kind === 'token' ? [GROUPS.anonymous.seen] : [])])),
      )
    return [
      `## ${title}`,
      '',
      `Seen in: ${seen}. ${about}`,
      '',
      '| code | why | what to do |',
      '| --- | --- | --- |',
      ...rows,
      '',
    ].join('\n')
  })
  return [
    '# Errors and reasons',
    '',
    'Every code that a client or an operator can meet, in the order in which they usually do. Each has an anchor:',
    '`errors.md#token-expired`. The page is made of the table in',
    '[`packages/clerk-core/src/ground/codes.ts`](../packages/clerk-core/src/ground/codes.ts), and a test compares both.',
    '',
    'Where a request or a webhook is refused, the [logger](observability.md#the-logger) says the same with what was seen and what',
    'was expected, and links here. Outside production the console has it without any setting.',
    '',
    ...chapters,
  ].join('\n')
}

function row(code: string, { metIn, meaning, remedy }: CodeEntry, told: ReadonlySet<string>): string {
  const others = [...new Set(metIn.map((kind) => GROUPS[kind].seen))].filter((seen) => !told.has(seen))
  const also = others.length === 0 ? '' : ` Also seen in: ${others.join('; ')}.`
  return `| <a id="${code}"></a>\`${code}\` | ${meaning}${also} | ${remedy} |`
}

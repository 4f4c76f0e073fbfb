import type { Attempt } from './delivery.js'

/**
 * Why an endpoint did not take a webhook, for a person: the same parts as in the log of `@acme/clerk-core`, of which nothing
 * is imported here.
 */
export interface Refusal {
  /** The `code` that the endpoint has answered, where it is one of `@acme/clerk-*`; else what its answer looks like. */
  readonly reason: string
  readonly meaning: string
  readonly seen: string
  readonly expected: string
  readonly remedy: string
  readonly link: string
  /** All of it, in one line. */
  readonly text: string
}

type Explanation = Pick<Refusal, 'meaning' | 'expected' | 'remedy'>

const docs = 'https://github.com/acme/clerk/blob/main/docs'
const taken = 'an answer of 200 to 299'
const newSecret =
  'Give the application the secret that stands in the dashboard under Settings, and start it again: there is a new one at each start, unless --data or --webhook-secret keeps it.'

/** By the `code` in the body that `@acme/clerk-*` answers; `docs/errors.md` has an entry for each. */
export const byCode: Readonly<Record<string, Explanation>> = {
  'webhook-refused': {
    meaning: 'The endpoint finds no valid signature of its secret, or a timestamp that is too old.',
    expected: 'CLERK_WEBHOOK_SIGNING_SECRET is the secret that this server signs with',
    remedy: `${newSecret} After advance() this clock is ahead of the application's: give it the clock of this server.`,
  },
  'webhook-not-configured': {
    meaning: 'The application knows no signing secret.',
    expected: 'CLERK_WEBHOOK_SIGNING_SECRET in its environment',
    remedy: newSecret,
  },
  'raw-body-required': {
    meaning: 'A body parser has read the body, and the signature covers its bytes.',
    expected: 'a route that gets the bytes',
    remedy: 'Mount the webhook before express.json() and the like, or let the parser keep the bytes.',
  },
  'webhook-malformed': {
    meaning: 'The endpoint does not understand the event.',
    expected: 'the fields that an event of this type has at Clerk',
    remedy: 'If --data or send() has made the event, compare it with the body shown in the dashboard.',
  },
  'webhook-failed': {
    meaning: 'A handler threw or took too long, or the store refused the event.',
    expected: taken,
    remedy: 'The log of the application has the error. The event is sent again.',
  },
  'webhook-busy': {
    meaning: 'The same event is being processed.',
    expected: taken,
    remedy: 'Nothing: the event is sent again.',
  },
  'webhook-too-large': {
    meaning: 'The event is larger than the application takes.',
    expected: 'a body of at most webhook.maxBodyBytes',
    remedy: 'Keep metadata small, or raise the limit.',
  },
  'webhook-timeout': {
    meaning: 'The body did not arrive in time.',
    expected: 'a body within bodyTimeoutSeconds',
    remedy: 'Look for what reads the body before the route does.',
  },
  unavailable: {
    meaning: 'The database of the application cannot be reached.',
    expected: taken,
    remedy: 'Start the database. The event is sent again.',
  },
  unauthenticated: {
    meaning: 'A guard stands before the route: a webhook has a signature and no user.',
    expected: 'a route that is open to every caller',
    remedy: 'Mount the webhook before the guard.',
  },
  forbidden: {
    meaning: 'A guard stands before the route: a webhook has a signature and no user.',
    expected: 'a route that is open to every caller',
    remedy: 'Mount the webhook before the guard.',
  },
}

/** What any endpoint does, whoever has written it. `docs/offline-clerk.md` has a table of it. */
export const byAnswer = {
  'no-answer': {
    meaning: 'Nothing answers at this address.',
    expected: 'an application that listens there',
    remedy:
      'Start the application (the event is sent again), or correct the address: --webhook-url, or the dashboard under Webhooks.',
  },
  redirected: {
    meaning: 'The endpoint redirects, and no redirect is followed.',
    expected: taken,
    remedy: 'Give the final address. If it leads to a sign-in page, mount the webhook before what redirects.',
  },
  'signature-refused': {
    meaning: 'The endpoint does not accept the signature.',
    expected: 'the signing secret of this server, and the bytes of the body as they were sent',
    remedy: `${newSecret} Verify the raw body, before a parser reads it.`,
  },
  'no-route': {
    meaning: 'The application has no such route.',
    expected: 'a route for POST at this path',
    remedy: 'Correct the path of the address: a prefix under which the routes are mounted is part of it.',
  },
  'application-failed': {
    meaning: 'The application failed.',
    expected: taken,
    remedy: 'Its log has the error. The event is sent again.',
  },
  'not-taken': {
    meaning: 'The endpoint did not take the event.',
    expected: taken,
    remedy: 'The answer is in the dashboard, under Webhooks.',
  },
} as const satisfies Readonly<Record<string, Explanation>>

function answerOf(status: number | undefined): keyof typeof byAnswer {
  if (status === undefined) return 'no-answer'
  if (status >= 300 && status < 400) return 'redirected'
  if ([400, 401, 403].includes(status)) return 'signature-refused'
  if ([404, 405, 410].includes(status)) return 'no-route'
  return status >= 500 ? 'application-failed' : 'not-taken'
}

/** `null` where the endpoint has taken the event. */
export function refusalOf(
  url: string,
  { response, error }: Pick<Attempt, 'response' | 'error'>,
): Refusal | null {
  if (response !== undefined && response.status >= 200 && response.status < 300) return null
  const { origin, pathname } = new URL(url)
  const code = codeIn(response?.body)
  const known = code !== undefined && Object.hasOwn(byCode, code) ? byCode[code] : undefined
  const answer = answerOf(response?.status)
  const { meaning, expected, remedy } = known ?? byAnswer[answer]
  const said = code === undefined ? '' : ` with code "${code}"`
  const seen = `${origin}${pathname} ${response ? `answered ${response.status}${said}` : `did not answer (${(error ?? 'no reason').replaceAll(url, 'the address')})`}`
  const link = known ? `${docs}/errors.md#${code}` : `${docs}/offline-clerk.md#${answer}`
  const text = `${meaning} Seen: ${seen}. Expected: ${expected}. ${remedy} ${link}`
  return { reason: known && code ? code : answer, meaning, seen, expected, remedy, link, text }
}

/** `{ "code": … }` of a JSON body, where it has the form of a code: nothing else of an answer is quoted. */
function codeIn(body: string | undefined): string | undefined {
  const [, code] = /^\s*\{.*"code"\s*:\s*"([a-z][a-z0-9_-]{0,63})"/s.exec(body ?? '') ?? []
  return code
}

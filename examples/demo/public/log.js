import { byId, element, fill } from '/dom.js'
import { chip, sourceLink } from './parts.js'

const TITLE = 'What the library did'
const MAX_GROUPS = 30
/** Requests without a click belong together when they follow each other that closely. */
const TOGETHER_MS = 2000

const SENDERS = { page: 'this page', probe: 'the demo', webhook: 'Clerk', program: 'a program' }
/** Titles of what no click in this page has caused. */
const UNCLICKED = {
  page: 'Page opened',
  probe: 'The demo asks',
  webhook: 'Webhooks from Clerk',
  program: 'A program asks',
  itself: 'By itself',
}
const WEIGHT = ['plain', 'good', 'warn', 'bad']
const MARKS = { plain: '·', good: '✓', warn: '!', bad: '✕' }

/** What happened, by click: the newest click first, and within a click in the order in which it happened. */
export class Log {
  constructor() {
    this.empty = element('li', { class: 'soft' }, 'Nothing yet.')
    this.list = element('ol', { class: 'log' }, this.empty)
    this.groups = new Map()
    this.latest = null
    this.waiting = []
    this.seen = 0
    this.pause = element(
      'button',
      { type: 'button', class: 'small', 'aria-pressed': 'false', onclick: () => this.toggle() },
      'Pause',
    )
  }

  element({ mode, sources }) {
    const section = element('section', { class: 'card', id: 'demo-log', 'aria-labelledby': 'log-title' })
    fill(
      section,
      element(
        'div',
        { class: 'title' },
        element('h2', { id: 'log-title' }, TITLE),
        element('div', { class: 'tools' }, sourceLink(sources.log), this.pause),
      ),
      mode === 'real' &&
        element(
          'p',
          { class: 'soft' },
          'Your own requests only. To see webhooks at work, act in Clerk’s dashboard.',
        ),
      element(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Latest requests, by click' },
        this.list,
      ),
    )
    return section
  }

  toggle() {
    const paused = this.pause.getAttribute('aria-pressed') !== 'true'
    this.pause.setAttribute('aria-pressed', String(paused))
    if (!paused) for (const activity of this.waiting.splice(0)) this.add(activity)
  }

  add(activity) {
    // After a lost connection the server sends the latest again.
    if (activity.id <= this.seen) return
    if (this.pause.getAttribute('aria-pressed') === 'true') {
      this.waiting.push(activity)
      return
    }
    this.empty.remove()
    this.seen = activity.id
    this.groupOf(activity).add(activity)
    while (this.list.children.length > MAX_GROUPS) {
      const [oldest] = this.groups.keys()
      this.groups.get(oldest).element.remove()
      this.groups.delete(oldest)
    }
  }

  groupOf({ id, at, click, request }) {
    const kind = request?.from ?? 'itself'
    const { latest } = this
    const continues = latest?.kind === kind && at - latest.at < TOGETHER_MS
    const key = click?.id ?? (continues ? latest.key : `activity ${id}`)
    // A click in between begins a new group.
    this.latest = click === null ? { key, kind, at } : null
    const known = this.groups.get(key)
    if (known) return known
    const group = new Group(click?.label ?? UNCLICKED[kind], at)
    this.groups.set(key, group)
    this.list.prepend(group.element)
    return group
  }
}

/** Everything that one click has caused. What is said again, or goes without saying, is folded. */
class Group {
  constructor(title, at) {
    this.said = new Set()
    this.routine = 0
    this.entries = element('ol', { class: 'entries' })
    this.fold = element(
      'button',
      { type: 'button', class: 'fold', 'aria-expanded': 'false', hidden: true, onclick: () => this.toggle() },
      '',
    )
    this.element = element(
      'li',
      { class: 'group' },
      element(
        'p',
        { class: 'head' },
        element('strong', {}, title),
        element('span', { class: 'meta' }, new Date(at).toLocaleTimeString([], { timeStyle: 'medium' })),
      ),
      this.entries,
      this.fold,
    )
  }

  toggle() {
    this.fold.setAttribute('aria-expanded', String(this.element.classList.toggle('open')))
    this.label()
  }

  label() {
    this.fold.hidden = this.routine === 0
    const lines = this.routine === 1 ? '1 routine line' : `${this.routine} routine lines`
    this.fold.textContent = this.element.classList.contains('open') ? `Hide ${lines}` : `Show ${lines}`
  }

  add({ request, lines }) {
    const told = lines.map((line) => ({ ...line, isRoutine: this.isRoutine(line) }))
    this.routine += told.filter(({ isRoutine }) => isRoutine).length
    this.entries.append(entry(request, told))
    this.label()
  }

  isRoutine({ tone, text, isProof }) {
    if (isProof) return false
    const isNew = tone !== 'plain' && !this.said.has(text)
    this.said.add(text)
    return !isNew
  }
}

function entry(request, lines) {
  const shown = lines.filter(({ isRoutine }) => !isRoutine)
  const tone = WEIGHT[Math.max(0, ...shown.map((line) => WEIGHT.indexOf(line.tone)))]
  const proves = lines.some(({ isProof }) => isProof)
  return element(
    'li',
    { class: `entry ${tone}${shown.length === 0 ? ' routine' : ''}${proves ? ' proof' : ''}` },
    request &&
      element(
        'p',
        { class: 'head' },
        element('code', {}, `${request.method} ${request.path}`),
        chip(String(request.status), request.status < 400 ? 'good' : request.status === 503 ? 'warn' : 'bad'),
        element('span', { class: 'meta' }, `${request.durationMs} ms · ${SENDERS[request.from]}`),
      ),
    element('ul', {}, ...lines.map(lineItem)),
  )
}

function lineItem({ tone, text, isProof, isRoutine }) {
  return element(
    'li',
    { class: `${tone}${isRoutine ? ' routine' : ''}` },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[tone]),
    element('span', {}, text, isProof && ' ', isProof && chip('proof', 'accent')),
  )
}

/** @param {string} said read aloud, and nothing else: what is visible says it too */
export function announce(said) {
  byId('status').textContent = said
}

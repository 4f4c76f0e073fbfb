import { byId, element, fill } from '/dom.js'

/** What can be done at Clerk, in the order in which it is worth trying. `step`: the two-minute tour. */
const ACTIONS = [
  {
    title: 'Webhooks',
    actions: [
      {
        name: 'deliver-backwards',
        label: 'Deliver backwards',
        text: 'Two renames, the second one’s webhook first.',
        step: 2,
      },
      { name: 'deliver-twice', label: 'Deliver twice', text: 'One rename whose webhook comes two times.' },
    ],
  },
  {
    title: 'People',
    actions: [
      {
        name: 'ban',
        label: 'Ban',
        text: 'Out at once, even with a valid token.',
        step: 3,
        when: (person) => !person.atClerk.banned,
      },
      { name: 'unban', label: 'Unban', text: 'May sign in again.', when: (person) => person.atClerk.banned },
      {
        name: 'change-role',
        label: 'Change role',
        text: 'Administrator or member, at once.',
        needsAccess: true,
      },
      {
        name: 'revoke-sessions',
        label: 'Revoke sessions',
        text: 'Signed out in every browser.',
        needsAccess: true,
      },
      { name: 'rename', label: 'Rename', text: 'The row and the notes follow.' },
    ],
  },
  {
    title: 'Clerk itself',
    actions: [
      {
        name: 'take-down',
        label: 'Take Clerk down',
        text: 'Signed-in people stay signed in.',
        when: (_person, state) => !state.isDown,
        needsAccess: true,
      },
      {
        name: 'bring-back',
        label: 'Bring Clerk back',
        text: 'Everything works as before.',
        when: (_person, state) => state.isDown,
      },
      {
        name: 'rotate-keys',
        label: 'Rotate keys',
        text: 'New tokens name an unknown key.',
        needsAccess: true,
      },
      { name: 'service-account', label: 'Use an API key', text: 'A nightly export, without a person.' },
    ],
  },
]
const OPPOSITES = { ban: 'unban', unban: 'ban', 'take-down': 'bring-back', 'bring-back': 'take-down' }

const TITLE = 'What the library did'
const MAX_ENTRIES = 60

/** @param {{ refresh(): Promise<void> }} page */
export async function start({ refresh }) {
  await stylesheet('/demo/panel.css')
  const demo = byId('demo')
  const log = new Log()
  let known = false
  let late
  const people = new People(() => {
    clearTimeout(late)
    return refresh()
  })

  const events = new EventSource('/demo/events')
  events.addEventListener('state', ({ data }) => {
    const state = JSON.parse(data)
    if (!known) {
      known = true
      demo.append(...(state.mode === 'offline' ? [people.element] : []), log.element(state))
      demo.hidden = false
    }
    if (state.mode === 'offline') people.show(state)
  })
  events.addEventListener('activity', ({ data }) => {
    const activity = JSON.parse(data)
    log.add(activity)
    // A webhook may have changed who I am: ask again after a short pause.
    if (activity.request?.from !== 'webhook' || Date.now() - activity.at > 2000) return
    clearTimeout(late)
    late = setTimeout(refresh, 150)
  })
  document.addEventListener('workspace', ({ detail }) => people.signedIn(detail))
  await refresh()
}

function stylesheet(href) {
  return new Promise((resolve) => {
    document.head.append(element('link', { rel: 'stylesheet', href, onload: resolve, onerror: resolve }))
  })
}

/** The people at Clerk beside the rows of the application, and what can be done to them. */
class People {
  constructor(refresh) {
    this.refresh = refresh
    this.state = null
    this.workspace = null
    this.chosen = null
    this.rows = new Map()
    this.buttons = new Map()
    this.body = element('tbody')
    this.step = element('li', { class: 'action', id: 'step-sign-in' })
    this.status = element('span', { class: 'chip', id: 'clerk-status' })
    this.hint = element('p', { class: 'soft' })
    this.element = element('section', { class: 'card', id: 'demo-clerk', 'aria-labelledby': 'clerk-title' })
    const columns = ['At Clerk', 'In your database', 'Access']
    this.element.append(
      element('div', { class: 'title' }, element('h2', { id: 'clerk-title' }, 'Act at Clerk'), this.status),
      element(
        'p',
        { class: 'soft' },
        'A server on this machine plays Clerk. Do something there, and your application follows. ',
        element('strong', {}, 'Steps 1, 2, 3 take two minutes.'),
      ),
      element('ul', { class: 'actions' }, this.step),
      element(
        'div',
        {
          class: 'scroll',
          tabindex: '0',
          role: 'region',
          'aria-label': 'People at Clerk and in your database',
        },
        element(
          'table',
          {},
          element(
            'thead',
            {},
            element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, name))),
          ),
          this.body,
        ),
      ),
      ...ACTIONS.flatMap(({ title, actions }) => [
        element('h3', {}, title),
        element('ul', { class: 'actions' }, ...actions.map((action) => this.action(action))),
      ]),
      this.hint,
    )
  }

  action({ name, label, text, step, when, needsAccess }) {
    const result = element('p', { class: 'result', id: `result-${name}`, hidden: true })
    const button = element(
      'button',
      { type: 'button', id: `act-${name}`, 'aria-describedby': `about-${name}` },
      label,
    )
    const badge = step && element('span', { class: 'step', 'aria-hidden': 'true' }, String(step))
    const about = element('p', { class: 'about', id: `about-${name}` }, text)
    const row = element('li', { class: 'action' })
    fill(row, badge, button, about, result)
    button.addEventListener('click', () => this.act(name))
    this.buttons.set(name, { button, row, result, badge, when, needsAccess })
    return row
  }

  get person() {
    return this.state.people.find(({ id }) => id === this.chosen) ?? this.state.people[0]
  }

  signedIn(workspace) {
    if (workspace !== null && workspace.user.id !== this.workspace?.user.id) this.chosen = workspace.user.id
    this.workspace = workspace
    this.render()
  }

  show(state) {
    // People come when the server is ready for them.
    if (state.people === undefined) return
    this.state = state
    this.render()
  }

  render() {
    if (this.state === null) return
    const { state, person } = this
    this.renderStep()
    for (const { button, row, when, needsAccess } of this.buttons.values()) {
      row.hidden = when !== undefined && !when(person, state)
      const isOff =
        (state.isDown && button.id !== 'act-bring-back') || (needsAccess === true && person.atClerk.banned)
      button.setAttribute('aria-disabled', String(isOff))
    }
    this.status.textContent = state.isDown ? 'Clerk is down' : 'Clerk is up'
    this.status.className = `chip ${state.isDown ? 'bad' : 'good'}`
    for (const one of state.people) this.renderPerson(one, one.id === person.id)
    const hasAdministration = !byId('admin-link').hidden
    fill(
      this.hint,
      'More in ',
      element(
        'a',
        { href: `${state.clerkUrl}/dashboard`, target: '_blank', rel: 'noopener' },
        'this Clerk’s dashboard',
      ),
      hasAdministration && ', and at the ',
      hasAdministration && element('a', { href: '/admin.html' }, 'administration'),
      hasAdministration && ' of the application, which signs in without Clerk: admin, ',
      hasAdministration && element('code', {}, state.adminPassword),
      '.',
    )
  }

  renderPerson({ id, atClerk, local }, isChosen) {
    const row = this.rows.get(id) ?? this.newRow(id)
    row.radio.checked = isChosen
    row.element.classList.toggle('chosen', isChosen)
    fill(row.name, atClerk.name, id === this.workspace?.user.id && ' (you)')
    fill(row.flag, atClerk.banned && chip('banned', 'bad'))
    const role = { 'org:admin': 'Administrator', 'org:member': 'Member' }[local?.role]
    fill(row.local, local?.name ?? 'no row yet', role && element('span', { class: 'role' }, role))
    fill(row.access, local?.maySignIn ? chip('yes', 'good') : chip('no', 'bad'))
  }

  newRow(id) {
    const radio = element('input', {
      type: 'radio',
      name: 'person',
      value: id,
      onchange: () => {
        this.chosen = id
        this.render()
      },
    })
    const name = element('span')
    const flag = element('span')
    const [local, access] = [element('td', { class: 'local' }), element('td')]
    const label = element('label', {}, radio, name, flag)
    const tr = element('tr', { 'data-person': id }, element('th', { scope: 'row' }, label), local, access)
    this.body.append(tr)
    this.rows.set(id, { element: tr, radio, name, flag, local, access })
    return this.rows.get(id)
  }

  renderStep() {
    const { workspace, state } = this
    const isIn = workspace !== null
    fill(
      this.step,
      element('span', { class: isIn ? 'step done' : 'step', 'aria-hidden': 'true' }, isIn ? '✓' : '1'),
      isIn
        ? element('strong', { class: 'label' }, 'Signed in')
        : element(
            'a',
            { class: 'button', href: '/sign-in?returnTo=%2F', 'aria-disabled': state.isDown && 'true' },
            'Sign in',
          ),
      element(
        'p',
        { class: 'about' },
        isIn ? 'On Clerk’s page; now in your session.' : 'As Maya, on Clerk’s page. No password.',
      ),
    )
  }

  async act(name) {
    const { button } = this.buttons.get(name)
    if (button.getAttribute('aria-disabled') === 'true') return
    button.setAttribute('aria-disabled', 'true')
    const { ok, said } = await this.send(name)
    button.setAttribute('aria-disabled', 'false')
    await this.refresh()
    this.tell(name, ok, said)
  }

  /** The latest result only, below the button it came from, or below the button that replaced it. */
  tell(name, ok, said) {
    for (const { result } of this.buttons.values()) result.hidden = true
    const own = this.buttons.get(name)
    const gaveWay = own.row.hidden ? this.buttons.get(OPPOSITES[name]) : undefined
    const { result } = gaveWay ?? own
    result.textContent = said
    result.className = `result ${ok ? 'good' : 'bad'}`
    result.hidden = false
    byId('status').textContent = said
    if (ok && own.badge) {
      own.badge.textContent = '✓'
      own.badge.classList.add('done')
    }
    gaveWay?.button.focus()
  }

  async send(name) {
    try {
      const answer = await fetch(`/demo/act/${name}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ person: this.person.id }),
      })
      const { text, asPromised, error } = await answer.json()
      return { ok: answer.ok && asPromised, said: text ?? error }
    } catch {
      return { ok: false, said: 'The demo does not answer: is it still running in the terminal?' }
    }
  }
}

const chip = (text, tone) => element('span', { class: `chip ${tone}` }, text)

/** What happened, newest first. */
class Log {
  constructor() {
    this.list = element('ol', { class: 'log' }, element('li', { class: 'soft' }, 'Nothing yet.'))
    this.waiting = []
    this.seen = 0
    this.pause = element(
      'button',
      { type: 'button', class: 'small', 'aria-pressed': 'false', onclick: () => this.toggle() },
      'Pause',
    )
  }

  element({ mode }) {
    const section = element('section', { class: 'card', id: 'demo-log', 'aria-labelledby': 'log-title' })
    fill(
      section,
      element('div', { class: 'title' }, element('h2', { id: 'log-title' }, TITLE), this.pause),
      mode === 'real' &&
        element(
          'p',
          { class: 'soft' },
          'Your own requests only. To see webhooks at work, act in Clerk’s dashboard.',
        ),
      element(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Latest requests' },
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
    if (this.seen === 0) this.list.replaceChildren()
    this.seen = activity.id
    this.list.prepend(entry(activity))
    while (this.list.children.length > MAX_ENTRIES) this.list.lastElementChild.remove()
  }
}

const SENDERS = { page: 'this page', probe: 'the demo', webhook: 'Clerk', program: 'a program' }
const WEIGHT = ['plain', 'good', 'warn', 'bad']
const MARKS = { plain: '·', good: '✓', warn: '!', bad: '✕' }

function entry({ at, request, lines }) {
  const tone = WEIGHT[Math.max(...lines.map((line) => WEIGHT.indexOf(line.tone)))]
  return element(
    'li',
    { class: `entry ${tone}` },
    element(
      'p',
      { class: 'head' },
      request ? element('code', {}, `${request.method} ${request.path}`) : element('span', {}, 'by itself'),
      request &&
        chip(String(request.status), request.status < 400 ? 'good' : request.status === 503 ? 'warn' : 'bad'),
      element(
        'span',
        { class: 'meta' },
        [
          request && `${request.durationMs} ms`,
          request && SENDERS[request.from],
          new Date(at).toLocaleTimeString([], { timeStyle: 'medium' }),
        ]
          .filter(Boolean)
          .join(' · '),
      ),
    ),
    element(
      'ul',
      {},
      ...lines.map(({ tone: of, text }) =>
        element(
          'li',
          { class: of },
          element('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[of]),
          text,
        ),
      ),
    ),
  )
}

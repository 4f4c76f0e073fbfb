import { byId, element, fill } from '/dom.js'
import { NEXT, OPPOSITES, SECTIONS, whyNoSignIn, whyNot } from './actions.js'
import { begin } from './clicks.js'
import { announce } from './log.js'
import { chip, sourceLink } from './parts.js'

const COLUMNS = ['At Clerk', 'In your database', 'Access']
const ROLES = { 'org:admin': 'Administrator', 'org:member': 'Member' }

/** The people at Clerk beside the rows of the application, and what can be done to them. */
export class People {
  constructor(refresh) {
    this.refresh = refresh
    this.state = null
    this.workspace = null
    this.chosen = null
    this.busy = null
    this.rows = new Map()
    this.buttons = new Map()
    this.body = element('tbody')
    this.step = element('li', { class: 'action', id: 'step-sign-in' })
    this.status = element('span', { class: 'chip', id: 'clerk-status' })
    this.hint = element('p', { class: 'soft' })
  }

  element({ sources }) {
    return element(
      'section',
      { class: 'card', id: 'demo-clerk', 'aria-labelledby': 'clerk-title' },
      element(
        'div',
        { class: 'title' },
        element('h2', { id: 'clerk-title' }, 'Act at Clerk'),
        element('div', { class: 'tools' }, sourceLink(sources.clerk), this.status),
      ),
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
            element('tr', {}, ...COLUMNS.map((name) => element('th', { scope: 'col' }, name))),
          ),
          this.body,
        ),
      ),
      ...SECTIONS.flatMap(({ title, source, actions }) => [
        element('div', { class: 'title section' }, element('h3', {}, title), sourceLink(sources[source])),
        element('ul', { class: 'actions' }, ...actions.map((action) => this.action(action))),
      ]),
      this.hint,
    )
  }

  action(action) {
    const { name, label, text, step } = action
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
    this.buttons.set(name, { action, button, row, result, badge, about })
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

  why(action) {
    if (this.busy === null) return whyNot(action, this.person, this.state)
    return this.busy === action.name ? 'At work …' : 'Wait for the answer to the last click.'
  }

  render() {
    if (this.state === null) return
    const { state, person } = this
    this.renderStep()
    for (const { action, button, row, about } of this.buttons.values()) {
      row.hidden = action.when !== undefined && !action.when(person, state)
      const why = this.why(action)
      button.setAttribute('aria-disabled', String(why !== null))
      about.textContent = why ?? action.text
      about.classList.toggle('why', why !== null)
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
      hasAdministration && ' of the application, which signs in without Clerk: admin@example.com, ',
      hasAdministration && element('code', {}, state.adminPassword),
      '.',
    )
  }

  renderPerson({ id, atClerk, local }, isChosen) {
    const row = this.rows.get(id) ?? this.newRow(id)
    row.radio.checked = isChosen
    row.element.classList.toggle('chosen', isChosen)
    fill(row.name, atClerk.name, id === this.workspace?.user.id && ' (you)')
    fill(row.flag, atClerk.isDeleted ? chip('deleted', 'bad') : atClerk.banned && chip('banned', 'bad'))
    const role = ROLES[local?.role] ?? local?.role
    fill(row.local, local?.name ?? 'no row', role && element('span', { class: 'role' }, role))
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
    const isIn = this.workspace !== null
    const why = isIn ? null : whyNoSignIn(this.state)
    const about = isIn ? 'On Clerk’s page; now in your session.' : 'As Maya, on Clerk’s page. No password.'
    fill(
      this.step,
      element('span', { class: isIn ? 'step done' : 'step', 'aria-hidden': 'true' }, isIn ? '✓' : '1'),
      isIn
        ? element('strong', { class: 'label' }, 'Signed in')
        : element(
            'a',
            // Without an address where it would lead to a page that does not answer.
            why === null
              ? { class: 'button', href: '/sign-in?returnTo=%2F' }
              : {
                  class: 'button',
                  role: 'link',
                  'aria-disabled': 'true',
                  'aria-describedby': 'about-sign-in',
                },
            'Sign in',
          ),
      element('p', { class: why === null ? 'about' : 'about why', id: 'about-sign-in' }, why ?? about),
    )
  }

  async act(name) {
    const { action } = this.buttons.get(name)
    const why = this.why(action)
    if (why !== null) {
      announce(why)
      return
    }
    begin(action.needsNoPerson ? action.label : `${action.label} · ${this.person.atClerk.name}`)
    this.busy = name
    this.render()
    const { ok, said } = await this.send(name)
    this.busy = null
    await this.refresh()
    this.render()
    this.tell(name, ok, said)
  }

  /** The latest result only, below the button it came from, or below the button that replaced it. */
  tell(name, ok, said) {
    for (const { result } of this.buttons.values()) result.hidden = true
    const own = this.buttons.get(name)
    const gaveWay = own.row.hidden ? this.buttons.get(OPPOSITES[name]) : undefined
    const { result } = gaveWay ?? own
    const next = ok ? (NEXT[name]?.(this.workspace !== null) ?? null) : null
    fill(
      result,
      said,
      next !== null && ' ',
      next !== null &&
        (typeof next === 'string'
          ? element('strong', { class: 'next' }, next)
          : element('strong', { class: 'next' }, element('a', { href: next.href }, next.text), next.after)),
    )
    result.className = `result ${ok ? 'good' : 'bad'}`
    result.hidden = false
    announce(result.textContent)
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

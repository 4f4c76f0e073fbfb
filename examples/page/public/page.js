import { api, config, me, organization, Refused, subscribe } from './api.js'
import { byId, element, fill } from './dom.js'

const say = (text) => {
  byId('status').textContent = text
}

/** What is on the screen; what the server answers replaces it. */
let workspace = null
let wasSignedIn = false

let asking = null
let askOnceMore = false

/** Asks again who is signed in and what they may see; once more when this was called meanwhile. */
export function refresh() {
  askOnceMore = asking !== null
  asking ??= ask().finally(() => {
    asking = null
    return askOnceMore ? refresh() : undefined
  })
  return asking
}

async function ask() {
  byId('you').setAttribute('aria-busy', 'true')
  try {
    workspace = await api.workspace()
    wasSignedIn = true
    showPerson(workspace)
  } catch (error) {
    workspace = null
    await showRefusal(error)
  }
  byId('you').setAttribute('aria-busy', 'false')
  byId('sign-out').hidden = workspace === null
  await refreshNotes()
  document.dispatchEvent(new CustomEvent('workspace', { detail: workspace }))
}

function showPerson({ user, source, organization: current, organizations, plan }) {
  byId('you-title').textContent = 'Who you are'
  const name = [user.firstName, user.lastName].filter(Boolean).join(' ') || user.email
  fill(
    byId('you-body'),
    element(
      'div',
      { class: 'person' },
      element('img', { src: user.imageUrl ?? '/icon.svg', alt: '', referrerpolicy: 'no-referrer' }),
      element('strong', { id: 'person-name' }, name),
      element('span', { class: 'soft' }, user.email ?? ''),
    ),
    element(
      'dl',
      { class: 'facts' },
      element('dt', {}, 'Organisation'),
      element('dd', {}, switcher(current, organizations)),
      element('dt', {}, 'Role'),
      element(
        'dd',
        { id: 'person-role' },
        current ? element('span', { class: 'chip accent' }, roleName(current.role)) : 'none',
      ),
      plan && element('dt', {}, 'Plan'),
      plan && element('dd', {}, `${plan}, since Clerk said “user.created”`),
      element('dt', {}, 'Signed in by'),
      element('dd', { id: 'person-source' }, SOURCES[source]),
    ),
    element('button', { type: 'button', class: 'small', id: 'ask-again', onclick: askAgain }, 'Ask again'),
  )
}

async function askAgain() {
  await refresh()
  byId('ask-again')?.focus()
}

const SOURCES = {
  token: 'Clerk’s token',
  session: 'the application’s own session, without a token',
}

const roleName = (role) => ({ 'org:admin': 'Administrator', 'org:member': 'Member' })[role] ?? role ?? 'none'

function switcher(current, organizations) {
  if (organizations.length === 0) return 'none'
  const select = element(
    'select',
    { 'aria-label': 'Organisation', onchange: () => choose(select.value) },
    current === null && element('option', { value: '' }, 'Choose one …'),
    ...organizations.map(({ id, name }) =>
      element('option', { value: id, selected: id === current?.id }, name),
    ),
  )
  return select
}

async function choose(id) {
  organization.set(id)
  await refresh()
}

/** Every answer that is not 200, in words. */
const REFUSALS = {
  unauthenticated: {
    title: 'You are signed out',
    text: 'The API answers 401. Sign in at Clerk and come back here.',
    signIn: true,
  },
  ended: {
    title: 'Your access has ended',
    text: 'The API answers 401, although this browser still holds its cookies. A session that has ended stays ended, also when a ban is lifted: sign in again.',
    signIn: true,
    tone: 'bad',
  },
  'organization-mismatch': {
    title: 'You are not in this organisation',
    text: 'The API answers 403 to every request for an organisation you do not belong to.',
    tone: 'bad',
  },
  unavailable: {
    title: 'Your sign-in cannot be checked',
    text: 'A service that the check needs cannot be reached. The API answers 503, not “signed out”: no user loses their session.',
    tone: 'warn',
  },
}

async function showRefusal(error) {
  if (error.code === 'organization-mismatch') organization.set(null)
  const code = error.code === 'unauthenticated' && wasSignedIn ? 'ended' : error.code
  const { title, text, signIn: wantsSignIn, tone } = REFUSALS[code] ?? (await otherwise(error))
  byId('you-title').textContent = 'Access'
  fill(
    byId('you-body'),
    element(
      'div',
      { class: `verdict ${tone ?? ''}`, id: 'verdict' },
      element('strong', {}, title),
      element('span', {}, text),
    ),
    wantsSignIn &&
      element(
        'a',
        { class: 'button primary', id: 'sign-in', href: '/sign-in?returnTo=%2F', onclick: signIn },
        'Sign in',
      ),
    error.code === 'organization-mismatch' && element('button', { onclick: refresh }, 'Continue without it'),
  )
}

/** The guard says no more than "forbidden"; `/me` knows whether this is the application's own administrator. */
async function otherwise(error) {
  const person = await me().catch(() => null)
  if (person !== null && person.clerkId === null)
    return {
      title: 'You are an administrator of this application',
      text: 'You signed in here, not at Clerk. Notes belong to organisations; yours is the page “Administration”.',
    }
  return { title: 'The server refused', text: `${error.status ?? ''} ${error.message}`, tone: 'bad' }
}

async function refreshNotes() {
  const section = byId('notes')
  section.hidden = workspace?.organization == null
  if (section.hidden) return
  const { organization: current } = workspace
  byId('notes-organization').textContent = current.name
  const mayDelete = current.role === 'org:admin'
  byId('notes-hint').textContent = mayDelete
    ? 'You may delete notes: you are an administrator of this organisation.'
    : 'Only administrators of the organisation may delete notes.'
  try {
    const notes = await api.notes()
    byId('notes-list').replaceChildren(
      ...(notes.length > 0
        ? notes.map((note) => noteItem(note, mayDelete))
        : [element('li', {}, 'No notes yet.')]),
    )
  } catch (error) {
    byId('notes-list').replaceChildren(element('li', {}, `${error.status}: ${error.message}`))
  }
}

function noteItem({ id, text, author, createdAt }, mayDelete) {
  return element(
    'li',
    {},
    element('span', {}, text),
    element(
      'span',
      { class: 'meta' },
      `${author} · ${new Date(createdAt).toLocaleTimeString([], { timeStyle: 'short' })}`,
    ),
    mayDelete &&
      element(
        'button',
        { class: 'small', 'aria-label': `Delete “${text}”`, onclick: () => remove(id) },
        'Delete',
      ),
  )
}

async function remove(id) {
  await attempt(() => api.remove(id), 'Note deleted.')
  byId('notes-form').elements.text.focus()
}

async function attempt(work, done) {
  try {
    await work()
    say(done)
  } catch (error) {
    say(error instanceof Refused ? `Refused: ${error.message}` : 'The server cannot be reached.')
  }
  await refreshNotes()
}

byId('notes-form').addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = event.currentTarget
  const text = form.elements.text.value.trim()
  if (text === '') return
  await attempt(() => api.add(text), 'Note added.')
  form.reset()
})

/** With a real Clerk its script keeps the cookie fresh, and signs out at Clerk too. */
async function loadClerk() {
  if (config.clerkScript === null) return
  const script = element('script', {
    src: config.clerkScript,
    'data-clerk-publishable-key': config.publishableKey,
  })
  await new Promise((resolve) => {
    script.addEventListener('load', resolve)
    script.addEventListener('error', resolve)
    document.head.append(script)
  })
  await window.Clerk?.load?.()
}

/** A development instance of Clerk sets its cookies through its script, on the page one comes back to. */
function signIn(event) {
  if (window.Clerk?.redirectToSignIn === undefined) return
  event.preventDefault()
  window.Clerk.redirectToSignIn({ redirectUrl: location.href })
}

byId('sign-out').addEventListener('submit', (event) => {
  organization.set(null)
  if (window.Clerk?.signOut === undefined) return
  event.preventDefault()
  const form = event.currentTarget
  window.Clerk.signOut(() => form.submit())
})

byId('stack').textContent = config.stack
byId('stack').hidden = false
byId('admin-link').hidden = !config.admin
await loadClerk()
await refresh()
subscribe(refreshNotes)
// The demo wraps the application, which also works without it.
const demo = await import('/demo/panel.js').catch(() => null)
await demo?.start({ refresh })

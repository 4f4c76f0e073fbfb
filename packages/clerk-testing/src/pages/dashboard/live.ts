import { html, type Markup } from '../html.js'

export const liveScriptPath = '/offline-live.js'
export const revisionPath = '/dashboard/revision'

/** A part of a page that follows what happens. The script finds it by its id, and a table's rows by their keys. */
export const live = (id: string, body: Markup): Markup => html`<div id="${id}" data-live>${body}</div>`

/** Where the script says that the page is live, with a button that pauses it. Without scripts there is neither. */
export const liveControl = (revision: string): Markup =>
  html`<div class="live" data-revision="${revision}"></div>`

/**
 * Asks whether something happened and, when it did, takes the parts of the page anew. The markup is the server's, parsed
 * as a document of its own: nothing in it runs. What has the focus, and what somebody is filling in, stays.
 */
export const liveScript = `(() => {
  const control = document.querySelector('[data-revision]')
  const told = document.createElement('span')
  told.setAttribute('role', 'status')
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = 'Pause'
  button.setAttribute('aria-label', 'Pause live updates')
  control.append(told, button)
  let known = control.dataset.revision
  let paused = false
  // Whether a part was left as it was: it follows once the focus goes elsewhere.
  let behind = false

  const tell = (text) => {
    if (told.textContent !== text) told.textContent = text
    control.dataset.state = text
  }
  const inUse = (part) => part.contains(document.activeElement) && part.querySelector(':focus') !== null
  const typed = (part) => [...part.querySelectorAll('input, textarea, select')].some((field) =>
    field.tagName === 'SELECT'
      ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.querySelector('[selected]') !== null
      : field.value !== field.defaultValue || field.checked !== field.defaultChecked)
  const busy = (part) => {
    const leaves = inUse(part) || typed(part)
    if (leaves) behind = true
    return leaves
  }

  const rowsOf = (part) => part.querySelector('tbody')
  const mergeRows = (old, next) => {
    const have = new Map([...old.rows].map((row) => [row.dataset.key, row]))
    const wanted = new Set([...next.rows].map((row) => row.dataset.key))
    for (const [key, row] of have) if (!wanted.has(key) && !busy(row)) row.remove()
    let last = null
    for (const row of [...next.rows]) {
      const same = have.get(row.dataset.key)
      let shown = row
      if (same && (same.isEqualNode(row) || busy(same))) shown = same
      else if (same) same.replaceWith(row)
      const place = last ? last.nextSibling : old.firstChild
      if (shown !== place && !inUse(shown)) old.insertBefore(shown, place)
      if (!same && !matchMedia('(prefers-reduced-motion: reduce)').matches)
        shown.animate([{ backgroundColor: 'var(--line)' }, { backgroundColor: 'transparent' }], 1500)
      last = shown
    }
  }
  const merge = (old, next) => {
    if (old.isEqualNode(next)) return
    if (rowsOf(old) && rowsOf(next)) mergeRows(rowsOf(old), rowsOf(next))
    else if (!busy(old)) old.replaceChildren(...next.childNodes)
  }
  const text = async (path) => {
    const answer = await fetch(path, { headers: { accept: 'text/html' } })
    return answer.ok ? answer.text() : undefined
  }
  const refresh = async () => {
    const markup = await text(location.href)
    if (markup === undefined) return
    const fresh = new DOMParser().parseFromString(markup, 'text/html')
    for (const part of document.querySelectorAll('[data-live]')) {
      const next = fresh.getElementById(part.id)
      if (next) merge(part, next)
    }
  }
  const look = async () => {
    try {
      const now = await text('${revisionPath}')
      if (now !== undefined && now !== known) {
        known = now
        await refresh()
      }
      if (!paused) tell('Live')
    } catch {
      known = ''
      tell('No answer')
    }
  }
  button.addEventListener('click', () => {
    paused = !paused
    button.textContent = paused ? 'Resume' : 'Pause'
    button.setAttribute('aria-label', (paused ? 'Resume' : 'Pause') + ' live updates')
    tell(paused ? 'Paused' : 'Live')
  })
  document.addEventListener('focusout', () => {
    if (behind) known = ''
    behind = false
  })
  const turn = async () => {
    if (!paused && !document.hidden) await look()
    setTimeout(turn, 1000)
  }
  tell('Live')
  setTimeout(turn, 1000)
})()
`

import { byId, element } from '/dom.js'
import { follow } from './clicks.js'
import { Log } from './log.js'
import { sourceLink } from './parts.js'
import { People } from './people.js'

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
  follow(demo)

  const events = new EventSource('/demo/events')
  events.addEventListener('state', ({ data }) => {
    const state = JSON.parse(data)
    if (!known) {
      known = true
      demo.append(...(state.mode === 'offline' ? [people.element(state)] : []), log.element(state))
      demo.hidden = false
      for (const card of ['you', 'notes']) linkSource(byId(card), state.sources[card])
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

/** The page's own cards: the demo adds to them, and they do not know it. */
function linkSource(card, path) {
  const title = card.querySelector('.title')
  if (title !== null) {
    title.firstElementChild.after(sourceLink(path))
    return
  }
  const heading = card.querySelector('h1')
  const row = element('div', { class: 'title' })
  heading.replaceWith(row)
  row.append(heading, sourceLink(path))
}

function stylesheet(href) {
  return new Promise((resolve) => {
    document.head.append(element('link', { rel: 'stylesheet', href, onload: resolve, onerror: resolve }))
  })
}

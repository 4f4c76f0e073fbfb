/**
 * Which click caused which request: every request of this page to its own server says it in a header, and the log shows them
 * together. The page itself knows nothing of this.
 */
const HEADER = 'X-Demo-Click'
/** Later requests were caused by something else: a timer, or a change that came from another window. */
const QUIET_MS = 5000
const MAX_LABEL = 60

let current = null

/** @param {string} label what was clicked, in words */
export function begin(label) {
  current = { id: crypto.randomUUID(), label: shorten(label), at: Date.now() }
}

const shorten = (text) => (text.length > MAX_LABEL ? `${text.slice(0, MAX_LABEL)}…` : text)

function headerValue() {
  if (current === null || Date.now() - current.at > QUIET_MS) return null
  // Headers are ASCII, and a label may say anything: half a character at the cut is no reason to fail.
  return `${current.id} ${encodeURIComponent(current.label.toWellFormed?.() ?? current.label)}`
}

/** @param {Element} ignored what names its clicks itself */
export function follow(ignored) {
  const send = globalThis.fetch.bind(globalThis)
  globalThis.fetch = async (target, options = {}) => {
    const value = typeof target === 'string' && target.startsWith('/') ? headerValue() : null
    if (value === null) return send(target, options)
    const click = current
    const headers = new Headers(options.headers)
    headers.set(HEADER, value)
    try {
      return await send(target, { ...options, headers })
    } finally {
      click.at = Date.now()
    }
  }
  document.addEventListener(
    'click',
    ({ target }) => {
      const button = target instanceof Element ? target.closest('button') : null
      if (button === null || ignored.contains(button)) return
      begin(button.getAttribute('aria-label') ?? button.textContent)
    },
    { capture: true },
  )
  document.addEventListener(
    'change',
    ({ target }) => {
      if (!(target instanceof HTMLSelectElement)) return
      begin(`${target.getAttribute('aria-label')}: ${target.selectedOptions[0]?.textContent}`)
    },
    { capture: true },
  )
}

import { html, type Markup } from './html.js'

export const copyScriptPath = '/offline-copy.js'

/** Where the script puts a button that copies the text of the element with this id. Without scripts there is none. */
export const copySlot = (id: string, name: string): Markup =>
  html`<span class="slot" data-copy="${id}" data-name="${name}"></span>`

/** Reads and writes text only: what is copied is never markup. */
export const copyScript = `(() => {
  const told = document.createElement('p')
  told.setAttribute('role', 'status')
  told.className = 'visually-hidden'
  document.querySelector('main').append(told)
  for (const slot of document.querySelectorAll('[data-copy]')) {
    const source = document.getElementById(slot.dataset.copy)
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = 'Copy'
    button.setAttribute('aria-label', 'Copy ' + slot.dataset.name)
    button.addEventListener('click', async () => {
      const copied = await copy(source)
      button.textContent = copied ? 'Copied' : 'Selected'
      told.textContent = copied ? 'Copied ' + slot.dataset.name : 'Selected ' + slot.dataset.name + ': copy it with the keyboard'
      setTimeout(() => { button.textContent = 'Copy' }, 2000)
    })
    slot.append(button)
  }
  async function copy(source) {
    try {
      await navigator.clipboard.writeText(source.textContent)
      return true
    } catch {
      // Not on a loopback host, or not allowed: the developer copies the selection.
      for (let part = source; part !== null; part = part.parentElement) if (part.tagName === 'DETAILS') part.open = true
      getSelection().selectAllChildren(source)
      return false
    }
  }
})()
`

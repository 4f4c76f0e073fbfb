/**
 * An element with attributes and children. Children that are strings become text, never markup: a note may say anything.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} attributes functions are listeners: `onclick`
 * @param {...(Node | string | null | undefined | false)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value)
    else if (value === true) made.setAttribute(name, '')
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value))
  }
  fill(made, ...children)
  return made
}

/** Replaces what is in an element; leaves out what is not there. */
export function fill(parent, ...children) {
  parent.replaceChildren(
    ...children.filter((child) => child !== null && child !== undefined && child !== false),
  )
}

export const byId = (id) => document.getElementById(id)

import { element } from '/dom.js'

export const chip = (text, tone) => element('span', { class: `chip ${tone}` }, text)

/** To the file that does what a card shows, as it lies in this checkout. */
export const sourceLink = (path) =>
  element(
    'a',
    { class: 'source', href: `/demo/source/${path}`, target: '_blank', rel: 'noopener', title: path },
    element('span', { class: 'visually-hidden' }, 'Source: '),
    path.split('/').at(-1),
  )

import type { Call } from '../../server/route.js'
import { html, type Markup } from '../html.js'
import { field, table } from './forms.js'
import { live } from './live.js'

/** Rows of a page. */
export const pageSize = 50

export interface ListOptions<T> {
  /** What it is a list of: `users`. Also the beginning of its ids. */
  readonly name: string
  /** `user` */
  readonly one: string
  /** Before the names of its two parameters, where a page has several lists. */
  readonly prefix?: string
  /** Oldest first: shown the other way round. */
  readonly all: readonly T[]
  readonly matches: (entry: T, needle: string) => boolean
  readonly headings: readonly string[]
  readonly key: (entry: T) => string
  readonly row: (entry: T) => readonly (Markup | string | number)[]
}

/** A table of many: searched, and a page at a time. Only the rows of the page are drawn. */
export function list<T>({ query }: Call, options: ListOptions<T>): Markup {
  const { name, one, prefix = '', all, headings, key, row } = options
  const given = query.get(`${prefix}query`) ?? ''
  const needle = given.trim().toLowerCase()
  const found = needle === '' ? all : all.filter((entry) => options.matches(entry, needle))
  const { pages, page } = pageOf(query.get(`${prefix}page`), found.length)
  const end = found.length - (page - 1) * pageSize
  const shown = found.slice(Math.max(0, end - pageSize), end).reverse()
  const at = (wanted: number) => {
    const params = new URLSearchParams(query)
    params.set(`${prefix}page`, String(wanted))
    return `?${params}`
  }
  const isSearched = prefix === '' || all.length > 10 || needle !== ''
  return html`${isSearched && html`<form class="inline" method="get" role="search" aria-label="${`Search ${name}`}">${field(`${prefix}query`, `Search ${name}`, given, 'search')}<button>Search</button></form>`}
${live(
  `${name.replaceAll(' ', '-')}-count`,
  html`<p class="soft">${number(found.length)}${needle === '' ? '' : ` of ${number(all.length)}`} ${all.length === 1 ? one : name}</p>`,
)}
${live(
  `${name.replaceAll(' ', '-')}-rows`,
  table(headings, shown.map(row), { label: `Table of ${name}`, keys: shown.map(key) }),
)}
${live(
  `${name.replaceAll(' ', '-')}-pages`,
  pages === 1
    ? html``
    : html`<nav class="pages" aria-label="${`Pages of ${name}`}">${page > 1 ? html`<a href="${at(1)}">First</a><a rel="prev" href="${at(page - 1)}">Previous</a>` : ''}<span>Page ${number(page)} of ${number(pages)}</span>${page < pages ? html`<a rel="next" href="${at(page + 1)}">Next</a><a href="${at(pages)}">Last</a>` : ''}</nav>`,
)}`
}

/** The page that is asked for, or the nearest that there is. */
export function pageOf(given: string | null, length: number): { pages: number; page: number } {
  const pages = Math.max(1, Math.ceil(length / pageSize))
  const asked = /^\d{1,9}$/.test(given ?? '') ? Number(given) : 1
  return { pages, page: Math.min(Math.max(1, asked), pages) }
}

const number = (value: number) => value.toLocaleString('en')

/** A file that is made, or gets more lines. Nothing that is there is changed. */
export interface Planned {
  /** From the folder of the project. */
  readonly path: string
  /** `null`: there is none. */
  readonly before: string | null
  readonly after: string
}

const CONTEXT = 2

/** What a file gains, as a unified diff. Since lines are only added, the first that fits is the one that stayed. */
export function diffOf({ path, before, after }: Planned): string {
  const old = before === null ? [] : linesOf(before)
  const marked: { readonly added: boolean; readonly text: string }[] = []
  let at = 0
  for (const text of linesOf(after)) {
    const stayed = at < old.length && old[at] === text
    if (stayed) at++
    marked.push({ added: !stayed, text })
  }
  const shown = marked.map((_, index) =>
    marked.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ added }) => added),
  )
  const body = marked.flatMap(({ added, text }, index) => {
    if (!shown[index]) return shown[index - 1] === true ? ['…'] : []
    return [`${added ? '+' : ' '}${text}`]
  })
  return [`--- ${before === null ? '/dev/null' : path}`, `+++ ${path}`, ...body].join('\n')
}

const linesOf = (text: string) => text.replace(/\n$/, '').split('\n')

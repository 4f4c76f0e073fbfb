/** What is said when Ctrl-C ended a command that may be begun anew. */
export const AGAIN = 'Run the same command again: what is done is not done twice.'

const grouped = new Intl.NumberFormat('en-US')

/** `1,200 created, 3 failed`; what there is none of is left out. */
export function listCounts(counts: object): string {
  const told = Object.entries(counts as Readonly<Record<string, number>>).filter(([, count]) => count > 0)
  return told.length === 0
    ? 'nothing'
    : told.map(([name, count]) => `${grouped.format(count)} ${name}`).join(', ')
}

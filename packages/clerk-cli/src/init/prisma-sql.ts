/**
 * The SQL of `existing-users.sql` without the columns and indexes that the table has already, as the file itself asks.
 *
 * @param model the model of the schema, whose indexes have the names that Prisma gives them
 */
export function withoutColumns(sql: string, columns: readonly string[], model: string): string {
  const has = (line: string) => columns.some((name) => new RegExp(`ADD COLUMN ["\`]${name}["\`] `).test(line))
  const indexed = (line: string) =>
    [...model.matchAll(/@@index\(\[(\w+)\]\)/g)].some(([, name]) => line.includes(`User_${name}_idx`))
  const lines = sql.split('\n').filter((line) => !has(line) && !indexed(line))
  // Of one statement with a list of columns the last one ends it.
  return lines
    .map((line, index) =>
      /ADD COLUMN .*,$/.test(line) && !/^\s*ADD COLUMN/.test(lines[index + 1] ?? '')
        ? line.replace(/,$/, ';')
        : line,
    )
    .join('\n')
    .replace(/ALTER TABLE ["`]User["`]\n(?!\s+ADD)/, '')
}

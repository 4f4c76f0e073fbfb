import { readFile } from 'node:fs/promises'

const FILE = new URL('../../floors.json', import.meta.url)

/** The committed ratio of each check. */
export async function readFloors(): Promise<Readonly<Record<string, number>>> {
  return JSON.parse(await readFile(FILE, 'utf8')) as Record<string, number>
}

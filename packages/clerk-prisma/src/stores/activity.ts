import { ERASED_VERSION } from '@acme/clerk-core/store'
import type { Table } from '../table/table.js'

/**
 * Raises each time that is earlier, or empty, by one conditional statement: of two writers the later time stays, whoever is
 * first. A purged row stays empty.
 */
export async function raiseTimes(
  table: Table,
  clerkId: string,
  times: Readonly<Record<string, Date>>,
): Promise<void> {
  for (const [field, at] of Object.entries(times)) {
    if (!table.has(field)) continue
    const earlier = [{ [field]: null }, { [field]: { lt: at } }]
    await table.updateMany({ clerkId, version: { lt: ERASED_VERSION }, OR: earlier }, { [field]: at })
  }
}

import { isSameExternalId, wholeExternalId } from '@acme/clerk-core/store'
import type { Document, Filter } from 'mongodb'
import type { MappedCollection } from '../collection/mapped-collection.js'

/** Classes of the driver's own by the forms of their texts, and what a sample of one is found by. */
const CLASSES = [
  { form: /^[0-9a-f]{24}$/, type: 'objectId' },
  { form: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, type: 'binData' },
] as const

/**
 * Documents that match `filter` and whose field `column` is the id that `externalId` names, of whatever type: text, a whole number,
 * an ObjectId or a UUID. An index on the field serves.
 */
export async function withExternalId(
  collection: MappedCollection,
  column: string,
  externalId: string,
  filter: Filter<Document>,
): Promise<Document[]> {
  const field = collection.columns.field(column)
  const valueIn = (document: Document) => collection.columns.value(document, column)
  const whole = wholeExternalId(externalId, 64)
  const values: unknown[] = [externalId, ...(whole === null ? [] : [asNumber(whole)])]
  for (const { form, type } of CLASSES) {
    if (!form.test(externalId)) continue
    // The class is the application's driver's: another version of the package would refuse an instance of ours.
    const sample = await collection.findOne({ [field]: { $type: type } }, { projection: { [field]: 1 } })
    const Id: unknown = sample === null ? null : valueIn(sample)?.constructor
    if (typeof Id === 'function') values.push(Reflect.construct(Id, [externalId]))
  }
  const found = await collection.find({ ...filter, [field]: { $in: values } }).toArray()
  return found.filter((document) => isSameExternalId(valueIn(document), externalId))
}

/** 64 bits go to the server as they are; smaller numbers as the shell and most drivers write them. */
const asNumber = (whole: bigint): number | bigint =>
  Number.isSafeInteger(Number(whole)) ? Number(whole) : whole

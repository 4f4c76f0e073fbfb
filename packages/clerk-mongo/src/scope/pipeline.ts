import type { Document } from 'mongodb'
import { asDocument, checkOperators, plainDocument } from './documents.js'
import { confineFilter, type Tenant } from './tenant.js'
import { TenantScopeError } from './tenant-scope-error.js'

/**
 * Stages that see nothing but what the stage before hands them. All others are refused: those that read or write other
 * documents ($lookup, $graphLookup, $unionWith, $out, $merge), those that must come first and read all of the collection
 * ($search, $collStats …), and those that MongoDB has yet to invent.
 */
const STAGES = new Set([
  '$addFields',
  '$bucket',
  '$bucketAuto',
  '$count',
  '$densify',
  '$facet',
  '$fill',
  '$group',
  '$limit',
  '$match',
  '$project',
  '$redact',
  '$replaceRoot',
  '$replaceWith',
  '$sample',
  '$set',
  '$setWindowFields',
  '$skip',
  '$sort',
  '$sortByCount',
  '$unset',
  '$unwind',
])

export function confinePipeline(tenant: Tenant, pipeline: unknown): Document[] {
  const stages = stagesOf(pipeline)
  const [first, ...others] = stages
  if (first !== undefined && Object.keys(first).join() === '$geoNear') {
    // It has to come first; its own `query` confines it.
    checkStages(others)
    const near = asDocument(first.$geoNear, '$geoNear')
    checkOperators(near)
    return [{ $geoNear: { ...near, query: confineFilter(tenant, near.query) } }, ...others]
  }
  checkStages(stages)
  // A search for text has to stand in the first stage.
  if (first !== undefined && '$match' in first) {
    return [{ $match: confineFilter(tenant, first.$match) }, ...others]
  }
  return [{ $match: confineFilter(tenant) }, ...stages]
}

function stagesOf(pipeline: unknown): Document[] {
  if (!Array.isArray(pipeline)) throw new TenantScopeError('A pipeline must be an array of stages.')
  return pipeline.map((stage) => plainDocument(stage, 'A stage'))
}

function checkStages(stages: readonly Document[]): void {
  for (const stage of stages) {
    const [name = '', ...further] = Object.keys(stage)
    if (further.length > 0) throw new TenantScopeError('A stage must have one name.')
    if (!STAGES.has(name)) throw new TenantScopeError(`The stage ${name} cannot be confined to a tenant.`)
    if (name !== '$facet') checkOperators(stage[name])
    else for (const branch of Object.values(asDocument(stage.$facet, name))) checkStages(stagesOf(branch))
  }
}

import { type CaseDefinition, type ConformanceCase, casesOf, type Entity } from '../case.js'
import { performAll } from '../races/operations.js'
import { runRaces } from '../races/processes.js'
import { runRace } from '../races/race.js'
import { races } from '../races/races.js'

/** Every race within one process, and all of an entity between several. */
function raceCasesOf(entity: Entity): readonly ConformanceCase[] {
  const within = races
    .filter((race) => race.entity === entity)
    .map(
      (race): CaseDefinition => ({
        id: race.id,
        title: race.title,
        needs: race.needs ?? [],
        run: (bench) => runRace(race, bench, (calls) => performAll(bench.harness.stores, calls)),
      }),
    )
  const between: CaseDefinition = {
    id: 'races-between-processes',
    title: 'the same races between several processes',
    needs: ['multi-process'],
    run: (bench) => runRaces(bench.harness, { declared: bench.declared, entities: [entity] }),
  }
  return casesOf(entity, [...within, between])
}

export const raceCases = (['users', 'organizations', 'inbox'] as const).flatMap(raceCasesOf)

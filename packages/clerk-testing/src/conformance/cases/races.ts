import { type CaseDefinition, type ConformanceCase, casesOf, type Entity } from '../case.js'
import { performAll } from '../races/operations.js'
import { runRaces } from '../races/processes.js'
import { runRace } from '../races/race.js'
import { races } from '../races/races.js'

const withinOneProcess = (entity: Entity): readonly ConformanceCase[] =>
  casesOf(
    entity,
    races
      .filter((race) => race.entity === entity)
      .map(
        (race): CaseDefinition => ({
          id: race.id,
          title: race.title,
          needs: race.needs ?? [],
          run: (bench) => runRace(race, bench, (calls) => performAll(bench.harness.stores, calls)),
        }),
      ),
  )

const betweenProcesses = (entity: Entity): readonly ConformanceCase[] =>
  casesOf(entity, [
    {
      id: 'races-between-processes',
      title: 'the same races between several processes',
      needs: ['multi-process'],
      run: (bench) => runRaces(bench.harness, { declared: bench.declared, entities: [entity] }),
    },
  ])

const entities = ['users', 'organizations', 'inbox'] as const

/** Those between processes are the last of all cases: they share their processes, which no outage may come between. */
export const raceCases = [...entities.flatMap(withinOneProcess), ...entities.flatMap(betweenProcesses)]

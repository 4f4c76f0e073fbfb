import type { Route } from '../../server/route.js'
import { liveScript, liveScriptPath, revisionPath } from './live.js'
import { type Dashboard, get } from './routes.js'

/** Another text once a webhook was sent or attempted, or something was made or removed: what the pages show. */
export function revisionOf({ instance, offline }: Dashboard): string {
  const { deliveries } = offline().webhooks
  const attempts = deliveries.reduce((sum, delivery) => sum + delivery.attempts.length, 0)
  const sizes = Object.values(instance.state).map(({ size }: ReadonlyMap<string, unknown>) => size)
  return [deliveries.length, deliveries.at(-1)?.id ?? '', attempts, ...sizes].join('.')
}

export const liveRoutes = (dashboard: Dashboard): Route[] => [
  {
    ...get(revisionPath, () => ({
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      text: revisionOf(dashboard),
    })),
    isQuiet: true,
  },
  get(liveScriptPath, () => ({
    headers: { 'content-type': 'text/javascript; charset=utf-8' },
    text: liveScript,
  })),
]

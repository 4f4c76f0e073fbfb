import { runGuideSuite } from '@acme/adapter-suite'

const guide = new URL('../../../docs/hono.md', import.meta.url)

// Hono has no body parsers: its request keeps what was read of it.
runGuideSuite(guide, new URL('..', import.meta.url), { afterBodyParser: false })

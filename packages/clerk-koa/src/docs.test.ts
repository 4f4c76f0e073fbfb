import { runGuideSuite } from '@acme/adapter-suite'

runGuideSuite(new URL('../../../docs/koa.md', import.meta.url), new URL('..', import.meta.url))

// What the tests of this repository's adapters share beside the kit that is published, `@acme/clerk-testing/adapters`: their
// READMEs and guides, the official client of MCP, and in `authority/` everything that can take a right away.
export { teapot, useHarnesses } from './fixture.js'
export { deliver, runGuideSuite } from './guide-suite.js'
export { answerMcp, isWrite, mcpTests, WRITE } from './mcp.js'
export { runServerSnippet, typecheckSnippets } from './readme.js'
export { runReadmeSuite } from './readme-suite.js'
export { recordOf } from './record.js'

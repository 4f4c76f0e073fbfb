// What each package adds to a bundle, minified and compressed, without what it depends on. A package that grows past its
// budget fails `npx --yes pnpm@12 check`: raise the number here in the commit that says why.
const BUDGETS = {
  'clerk-core': '105.6 kB',
  'clerk-express': '2.5 kB',
  'clerk-koa': '2.7 kB',
  'clerk-fastify': '3 kB',
  'clerk-fetch': '2 kB',
  'clerk-hono': '2.5 kB',
  'clerk-trpc': '2.5 kB',
  'clerk-prisma': '33 kB',
  'clerk-mongo': '21 kB',
  'clerk-drizzle': '30 kB',
  'clerk-redis': '2.5 kB',
  'clerk-cli': '1 kB',
}

export default Object.entries(BUDGETS).map(([name, limit]) => ({
  name: `@acme/${name}`,
  path: `packages/${name}/dist/index.js`,
  limit,
  gzip: true,
  modifyEsbuildConfig: (config) => ({ ...config, platform: 'node', format: 'esm', packages: 'external' }),
}))

export { type CliConfig, type ConfiguredClerk, defineConfig, type MigrationRow } from './config/define-config.js'

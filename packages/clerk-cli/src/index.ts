export { type CliConfig, type ConfiguredClerk, defineConfig } from './config/define-config.js'

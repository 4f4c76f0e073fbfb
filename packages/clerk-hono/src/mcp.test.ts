import { mcpTests } from '@acme/adapter-suite'
import { honoBinding } from './testing/app.js'

mcpTests(honoBinding)

import { describeAdapter } from '@acme/clerk-testing/adapters'
import * as vitest from 'vitest'
import { honoBinding } from './testing/app.js'

describeAdapter(vitest, honoBinding)

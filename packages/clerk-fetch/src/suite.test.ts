import { describeAdapter } from '@acme/clerk-testing/adapters'
import * as vitest from 'vitest'
import { fetchBinding } from './testing/app.js'

describeAdapter(vitest, fetchBinding)

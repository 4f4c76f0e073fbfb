import { runAdapterSuite } from '@acme/adapter-suite'
import { honoBinding } from './testing/app.js'

runAdapterSuite(honoBinding)

import { runAdapterSuite } from '@acme/adapter-suite'
import { fetchBinding } from './testing/app.js'

runAdapterSuite(fetchBinding)

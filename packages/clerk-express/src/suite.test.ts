import { createRequire } from 'node:module'
import { describeAdapter } from '@acme/clerk-testing/adapters'
import express from 'express'
import * as vitest from 'vitest'
import { expressBinding } from './testing/app.js'

// Express 4 has no types beside those of 5; the application of the suite is valid in both.
const express4 = createRequire(import.meta.url)('express4') as typeof express

describeAdapter(vitest, expressBinding('Express 5', express))
describeAdapter(vitest, expressBinding('Express 4', express4))

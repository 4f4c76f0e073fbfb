import { createRequire } from 'node:module'
import { runAdapterSuite } from '@acme/adapter-suite'
import express from 'express'
import { expressBinding } from './testing/app.js'

// Express 4 has no types beside those of 5; the application of the suite is valid in both.
const express4 = createRequire(import.meta.url)('express4') as typeof express

runAdapterSuite(expressBinding('Express 5', express))
runAdapterSuite(expressBinding('Express 4', express4))

import { mcpTests } from '@acme/adapter-suite'
import express from 'express'
import { expressBinding } from './testing/app.js'

mcpTests(expressBinding('Express 5', () => express()))

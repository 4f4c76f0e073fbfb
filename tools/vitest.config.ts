import { configDefaults, mergeConfig } from 'vitest/config'
import shared from '../vitest.shared.js'

// The guides are a package of their own, which runs them.
export default mergeConfig(shared, { test: { exclude: [...configDefaults.exclude, 'guides/**'] } })

import type { AdapterBinding, AppSpec, RunningApp } from './binding.js'
import type { Harness } from './harness.js'

/** The application as a case wants it, plain in everything else. */
export function startApp(
  binding: AdapterBinding,
  { clerk }: Harness,
  spec: Partial<AppSpec>,
): Promise<RunningApp> {
  return binding.start({
    clerk,
    other: clerk,
    sessions: 'none',
    bodyParser: 'none',
    routes: {},
    webhook: {},
    audit: () => undefined,
    trustProxy: false,
    ...spec,
  })
}

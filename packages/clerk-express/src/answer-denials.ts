import { DeniedError } from '@acme/clerk-core'
import type { WebResponse } from '@acme/clerk-core/adapter'
import type { Application, ErrorRequestHandler, Response } from 'express'

const prepared = new WeakSet<Application>()

/**
 * Adds an error handler behind everything that the application has mounted: its own error handlers come first, and what
 * they pass on is answered as a guard answers. Express has no other place that sees the errors of later handlers, and an
 * application without denials (every route has its guard) never gets it.
 */
export function answerDenials(app: Application, send: (res: Response, denial: WebResponse) => void): void {
  if (prepared.has(app)) return
  prepared.add(app)
  const answer: ErrorRequestHandler = (error, _req, res, next) => {
    if (error instanceof DeniedError && !res.headersSent) send(res, error.denial)
    else next(error)
  }
  app.use(answer)
}

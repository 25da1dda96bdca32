import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Sign-in at Google runs in a pop-up; one answer with this header on the way cuts it from its opener for good. */
const OPENS_IN_POP_UP = /^\/(api\/)?auth\/google(\/|$)/;

const everywhere = helmet();
const inPopUps = helmet({ crossOriginOpenerPolicy: false });

/** What protects a browser. Stands before all that may answer, so that errors carry it too. */
export const securityHeaders: RequestHandler = (req, res, next) => {
  if (!OPENS_IN_POP_UP.test(req.path)) {
    everywhere(req, res, next);
    return;
  }
  res.set('Cache-Control', 'no-store');
  inPopUps(req, res, next);
};

import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Sign-in at Google runs in a pop-up; one answer with this header on the way cuts it from its opener for good. */
const OPENS_IN_POP_UP = /^\/(api\/)?auth\/google(\/|$)/;

/** Helmet's headers are the same for every answer, so it is asked once. */
const HEADERS = headersOfHelmet();
const IN_POP_UPS = HEADERS.filter(([name]) => name !== 'Cross-Origin-Opener-Policy');

/** What protects a browser. Stands before all that may answer, so that errors carry it too. */
export const securityHeaders: RequestHandler = (req, res, next) => {
  const inPopUp = OPENS_IN_POP_UP.test(req.path);
  for (const [name, value] of inPopUp ? IN_POP_UPS : HEADERS) res.setHeader(name, value);
  if (inPopUp) res.setHeader('Cache-Control', 'no-store');
  next();
};

function headersOfHelmet(): [string, string][] {
  const headers: [string, string][] = [];
  const answer = {
    setHeader: (name: string, value: string) => headers.push([name, value]),
    removeHeader: () => undefined,
  };
  helmet()({} as never, answer as never, (error) => {
    if (error) throw error as Error;
  });
  return headers;
}

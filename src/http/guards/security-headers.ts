import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Sign-in at Google runs in a pop-up; one answer with this header on the way cuts it from its opener for good. */
const OPENS_IN_POP_UP = /\/auth\/google(\/|$)/;

/**
 * What protects a response that is data: nothing in it may run, load or be framed. Left out is what only speaks of
 * pages, or to browsers that are gone. A page, such as the one at `/docs`, sets a policy of its own.
 */
const OF_DATA = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  xFrameOptions: { action: 'deny' },
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});

/** They are the same for every answer, so helmet is asked once. */
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
  OF_DATA({} as never, answer as never, (error) => {
    if (error) throw error as Error;
  });
  return headers;
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Router, type RequestHandler } from 'express';
import { Refusal } from '../../core/errors.js';
import type { Route } from './route.js';
import { openApiDocument } from './openapi.js';
import type { Figures } from './openapi-responses.js';
import { readOnly } from './read-only.js';

const PACKAGE = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const TYPES: Record<string, string> = { css: 'text/css', js: 'text/javascript', png: 'image/png' };

/** Its addresses are relative, so that it also works where a proxy serves it under a path. */
const pageWithFilesIn = (folder: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>DreamJar API</title>
    <link rel="stylesheet" href="${folder}swagger-ui.css" />
    <link rel="icon" type="image/png" href="${folder}favicon-32x32.png" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${folder}swagger-ui-bundle.js"></script>
    <script src="${folder}start.js"></script>
  </body>
</html>
`;

const PAGE = pageWithFilesIn('docs/');
const PAGE_WITH_SLASH = pageWithFilesIn('');

const START = `SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'list',
  persistAuthorization: false,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  defaultModelRendering: 'example',
  defaultModelExpandDepth: 1,
  defaultModelsExpandDepth: -1,
  validatorUrl: null,
});
`;

/** Our own files only: nothing inline is run, nothing comes from or goes to another host. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SERVED = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** `/openapi.json`, and at `/docs` a page where a person can try each call. */
export function docs(routes: Route[], settings: Figures, publicUrl: string | undefined): Router {
  const document = Buffer.from(JSON.stringify(openApiDocument(routes, settings, publicUrl)));
  const files = new Map(SERVED.map((name) => [name, readFileSync(join(PACKAGE, name))]));
  files.set('start.js', Buffer.from(START));

  const answer = (type: string, body: Buffer | string): RequestHandler => {
    return (_req, res) => {
      res.set('Content-Type', type).set('Content-Security-Policy', POLICY).send(body);
    };
  };
  const file: RequestHandler<{ file: string }> = (req, res, next) => {
    const body = files.get(req.params.file);
    if (!body) throw new Refusal('not_found', 'There is nothing at this address.');
    res.set('Cache-Control', 'public, max-age=3600');
    answer(TYPES[req.params.file.split('.').at(-1)!]!, body)(req as never, res, next);
  };
  const router = Router({ caseSensitive: true });
  readOnly(router, '/openapi.json', answer('application/json; charset=utf-8', document));
  readOnly(router, '/docs', (req, res, next) => {
    const page = req.path.endsWith('/') ? PAGE_WITH_SLASH : PAGE;
    answer('text/html; charset=utf-8', page)(req as never, res, next);
  });
  readOnly(router, '/docs/:file', file as RequestHandler<never>);
  return router;
}

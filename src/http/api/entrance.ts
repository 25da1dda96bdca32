import { Router } from 'express';
import { VERSION } from '../../core/version.js';
import { prefersToJson } from './accept.js';
import { ownAddress } from './own-address.js';
import { readOnly } from './read-only.js';

/** `/`: leads a browser to the page at `/docs`, and tells a program where the API is described. */
export function entrance(publicUrl: string | undefined): Router {
  const router = Router({ caseSensitive: true });
  readOnly(router, '/', (req, res) => {
    res.vary('Accept');
    res.set('Cache-Control', 'no-cache');
    if (prefersToJson('text/html', req.headers)) {
      const [path = ''] = req.originalUrl.split('?');
      // Relative to the address that the browser has, which a proxy may have put under a path.
      const folder = path.endsWith('/') ? '' : `${path.split('/').at(-1)}/`;
      res.status(303).set('Location', `${folder}docs`).end();
      return;
    }
    res.json({
      name: 'DreamJar',
      version: VERSION,
      docs: ownAddress(req, publicUrl, '/docs'),
      openapi: ownAddress(req, publicUrl, '/openapi.json'),
    });
  });
  return router;
}

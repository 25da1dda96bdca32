import express, { type Express, type Request } from 'express';
import type { Config } from './config/config.js';
import type { Settings } from './context.js';
import { authenticate } from './features/accounts/auth/auth.service.js';
import type { Database } from './database/client.js';
import type { Logger } from './observability/logger.js';
import type { Outbox } from './database/outbox.js';
import type { Replica } from './database/replica.js';
import { visitorContext } from './http/guards/authenticate.js';
import { crossOrigin } from './http/guards/cors.js';
import { docs } from './http/api/docs.js';
import { entrance } from './http/api/entrance.js';
import { answerError } from './http/api/errors.js';
import { findRoute } from './http/api/find-route.js';
import { hostHeader } from './http/guards/host-header.js';
import { parseBody, readBody } from './http/api/json-body.js';
import { countClients, refuseKnownClients } from './http/guards/limit-clients.js';
import { createLimits, noLimits } from './http/guards/limits.js';
import { metrics } from './http/api/metrics.js';
import { tidyForwardedFor } from './http/guards/network.js';
import { withTurns } from './http/guards/parent-turns.js';
import { requestLog } from './observability/request-log.js';
import { securityHeaders } from './http/guards/security-headers.js';
import { nothingHere, serve } from './http/api/serve.js';
import { SharedAnswers } from './http/api/shared-answers.js';
import { shedding } from './http/guards/shedding.js';
import { underThePathOf } from './http/server/under-a-path.js';
import { routes } from './routes.js';

/** All that the app stands on. */
export interface AppDependencies {
  config: Pick<Config, 'corsOrigins' | 'publicUrl' | 'trustProxy'> &
    Partial<Pick<Config, 'metricsToken' | 'production'>>;
  settings: Settings;
  db: Database;
  log: Logger;
  clock?: () => Date;
  isStopping?: () => boolean;
  /** Whether it refuses at once what is more than it can bear. */
  sheds?: boolean;
  /** What visitors share; kept in memory once it hears of changes. */
  answers?: SharedAnswers;
  /** Where visitors' reads go, if not to `db`. */
  replica?: Pick<Replica, 'reads' | 'changed'> | undefined;
  /** Sends what writes leave for other processes and for the worker. */
  outbox?: Pick<Outbox, 'soon'>;
}

/** The app: the middleware in order. Listens to nothing, so that tests use it as it is. */
export function createApp(deps: AppDependencies): Express {
  const { config, settings, db, log, clock = () => new Date(), isStopping = () => false } = deps;
  const map = routes(isStopping);
  const limits = settings.rateLimit
    ? withTurns(createLimits({ db, log, settings }), settings)
    : noLimits;

  const { answers = new SharedAnswers(), replica, outbox } = deps;
  const isAtHand = ({ method, url, headers }: Request) =>
    method === 'GET' && headers.authorization === undefined && answers.isAtHand(url, clock());

  const app = express();
  app.set('trust proxy', config.trustProxy);
  app.set('etag', false);
  app.disable('x-powered-by');

  app.use(requestLog(log));
  if (config.trustProxy !== 0) app.use(tidyForwardedFor);
  app.use(securityHeaders);
  app.use(hostHeader);
  app.use(crossOrigin(config.corsOrigins, log));
  if (deps.sheds) {
    const { bounds, waits } = settings;
    app.use(
      shedding({
        mostAtOnce: bounds.atOnce,
        // Without limits, as for load tests, all may come from one address.
        mostPerNetwork: settings.rateLimit ? bounds.atOncePerNetwork : bounds.atOnce,
        longestTurn: waits.longestTurn,
        isCheap: isAtHand,
      }),
    );
  }
  app.use(visitorContext({ settings, db, log, clock }));
  const { publicUrl } = config;
  const find = findRoute(map);
  app.use(find);
  app.use(underThePathOf(publicUrl, find));
  app.use(refuseKnownClients(limits));
  app.use(readBody);
  app.use(countClients(limits, isAtHand));
  app.use(parseBody);
  app.use(serve({ publicUrl, authenticate, limits, answers, replica, outbox }));
  app.use(entrance(publicUrl));
  app.use(docs(map, settings, publicUrl));
  const { metricsToken: token, production: isProduction = false } = config;
  app.use(metrics({ token, isProduction, db, waits: settings.waits }));
  app.use(nothingHere);
  app.use(answerError(log));
  return app;
}

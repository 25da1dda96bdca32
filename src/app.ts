import express, { type Express, type Request } from 'express';
import type { Config } from './config.js';
import type { Settings } from './core/context.js';
import type { Database } from './core/database.js';
import type { Logger } from './core/logger.js';
import type { Outbox } from './core/outbox.js';
import type { Replica } from './core/replica.js';
import { visitorContext } from './http/authenticate.js';
import { crossOrigin } from './http/cors.js';
import { docs } from './http/docs.js';
import { entrance } from './http/entrance.js';
import { answerError } from './http/errors.js';
import { findRoute } from './http/find-route.js';
import { hostHeader } from './http/host-header.js';
import { parseBody, readBody } from './http/json-body.js';
import { countClients, refuseKnownClients } from './http/limit-clients.js';
import { createLimits, noLimits } from './http/limits.js';
import { metrics } from './http/metrics.js';
import { tidyForwardedFor } from './http/network.js';
import { withTurns } from './http/parent-turns.js';
import { requestLog } from './http/request-log.js';
import { securityHeaders } from './http/security-headers.js';
import { nothingHere, serve } from './http/serve.js';
import { SharedAnswers } from './http/shared-answers.js';
import { shedding } from './http/shedding.js';
import { underThePathOf } from './http/under-a-path.js';
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
  app.use(serve({ publicUrl, limits, answers, replica, outbox }));
  app.use(entrance(publicUrl));
  app.use(docs(map, settings, publicUrl));
  const { metricsToken: token, production: isProduction = false } = config;
  app.use(metrics({ token, isProduction, db, waits: settings.waits }));
  app.use(nothingHere);
  app.use(answerError(log));
  return app;
}

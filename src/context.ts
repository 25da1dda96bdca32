import type { GoogleConfig } from './integrations/google.js';
import type { PaymentGateway } from './integrations/stripe.js';
import type { Bounds } from './config/bounds.js';
import type { Database } from './database/client.js';
import type { ErasureFigures } from './config/erasure-figures.js';
import type { Lifetimes } from './config/lifetimes.js';
import type { LimitTable } from './config/limit-figures.js';
import type { Logger } from './observability/logger.js';
import type { MailBudget } from './core/mailbox.js';
import type { Waits } from './config/waits.js';
import type { SearchBounds } from './database/searching.js';
import type { IndexingFigures } from './config/indexing-figures.js';

/** What the services need of the settings. Lives in whole seconds. */
export interface Settings {
  jwtSecret: string;
  accessTokenTtl: number;
  refreshTokenTtl: number;
  bcryptCost: number;
  /** The browser app, where sign-in by Google returns to: with no slash at the end. */
  frontendUrl: string | undefined;
  /** Absent: there is no sign-in by Google. */
  google: GoogleConfig | undefined;
  /** The API's own address as the world sees it, for links in mail: with no slash at the end. */
  publicUrl: string | undefined;
  /** `pledge`: a gift counts at once; `stripe`: when Stripe says that it is paid. */
  payments: 'pledge' | 'stripe';
  /** ISO 4217 in lower case, of two minor digits. */
  currency: string;
  /** How many mails that anyone can cause one mailbox is sent. */
  mailBudget: MailBudget;
  /** Absent: Stripe is never asked, nor believed. */
  stripe: PaymentGateway | undefined;
  /** Whether requests are refused for their number. */
  rateLimit: boolean;
  /** The rate limits of all endpoints. */
  limits: LimitTable;
  /** How much of something there may be at once. */
  bounds: Bounds;
  /** Milliseconds after which something is given up. */
  waits: Waits;
  /** How long what proves the owner of an account counts. */
  lifetimes: Lifetimes;
  /** How what a deletion leaves behind is erased. */
  erasure: ErasureFigures;
  /** How search texts are indexed after a write. */
  indexing: IndexingFigures;
  /** What searches may take. */
  search: SearchBounds;
}

/** The parent who makes the request, as authenticated. */
export interface SignedInParent {
  id: number;
  sessionId: number;
  /** When this session began. */
  signedInAt: Date;
  isStaff: boolean;
  username: string;
  email: string;
  emailVerifiedAt: Date | null;
  firstName: string;
  lastName: string;
  dateJoined: Date;
}

/** Who speaks to us, as far as the connection tells. */
export interface Client {
  /** The address, behind trusted proxies the one they name. */
  address: string;
  /** An IPv4 address itself, an IPv6 one's /48. */
  network: string;
  /** Whether the account that signs in did so from this network lately. */
  isFamiliar?: boolean;
  /** Whether visitors from this network name more mailboxes than mail is sent to. */
  namesTooMany?: boolean;
  /** What the browser or program calls itself: at most 300 characters, unverified. */
  userAgent: string;
}

/** Everything a verb may know of the request it serves: who, when, and the way to the database. */
export interface Context {
  readonly requestId: string;
  /** The moment of the request, one for all that it does. */
  readonly now: Date;
  readonly db: Database;
  readonly log: Logger;
  readonly settings: Settings;
  readonly client: Client;
  /** Null for a visitor. */
  readonly parent: SignedInParent | null;
}

/** The context of a request that only a signed-in parent can make. */
export interface ParentContext extends Context {
  readonly parent: SignedInParent;
}

/** Whether a parent has signed the request. */
export function isSignedIn(ctx: Context): ctx is ParentContext {
  return ctx.parent !== null;
}

/** What a job may know: nobody asks for it, and nobody waits. */
export type JobContext = Pick<Context, 'now' | 'db' | 'log' | 'settings'>;

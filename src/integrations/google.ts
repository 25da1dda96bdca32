import passport from 'passport';
import { Strategy, type Profile, type StrategyOptions } from 'passport-google-oauth20';

/** Milliseconds for all that is asked of the provider in one sign-in. */
const LONGEST_WAIT = 4_500;

/** Characters; a profile has about 400. */
const LONGEST_ANSWER = 100_000;

/** Google's client and endpoints. */
export interface GoogleConfig {
  clientId: string;
  clientSecret: string;
  callbackUrl: string;
  authorizationUrl: string;
  tokenUrl: string;
  userinfoUrl: string;
}

/** What binds the browser that leaves for the provider to the one that comes back. */
export interface Binding {
  state: string;
  /** PKCE's `code_verifier` (RFC 7636). */
  verifier: string;
}

/** The address of the provider's page for a sign-in with this state, and what must be kept until the return. */
export async function authorizationRequest(
  config: GoogleConfig,
  state: string,
): Promise<Binding & { address: string }> {
  let kept = '';
  const keep: StateStore = {
    store: (_req, verifier, _state, _meta, done) => {
      kept = verifier;
      done(null, state);
    },
    verify: (_req, _state, _meta, done) => done(null, false),
  };
  const { address } = await authenticate(config, {}, keep);
  if (address === undefined) throw new Error('the strategy did not lead to the provider');
  return { state, verifier: kept, address };
}

/**
 * The claims of the person who came back with this authorization code, as the provider tells them: unchecked.
 * @throws Error when the provider refuses, is not there, takes too long or talks nonsense; see `reasonOf`.
 */
export async function fetchClaims(
  config: GoogleConfig,
  code: string,
  { state, verifier }: Binding,
): Promise<unknown> {
  const bound: StateStore = {
    store: (_req, _verifier, _state, _meta, done) => done(new Error('nothing begins here')),
    verify: (_req, given, _meta, done) => done(null, given === state && verifier),
  };
  const { profile } = await authenticate(config, { code, state }, bound);
  if (!profile) throw new Error('the provider named nobody');
  return profile._json;
}

/** Why a sign-in failed, in a word that holds nothing personal: for the log. */
export function reasonOf(error: unknown): string {
  const { oauthError, cause, code, statusCode, name } = (error ?? {}) as Record<string, unknown>;
  if (oauthError ?? cause) return reasonOf(oauthError ?? cause);
  const words = [code, typeof statusCode === 'number' ? `status_${statusCode}` : null, name];
  const isWord = (one: unknown): one is string => typeof one === 'string' && /^\w{1,40}$/.test(one);
  return words.find(isWord) ?? 'unknown';
}

/** passport-oauth2's store in the form that PKCE needs, which its types don't know. */
interface StateStore {
  store(
    req: unknown,
    verifier: string,
    state: unknown,
    meta: unknown,
    done: (error: Error | null, state?: string) => void,
  ): void;
  verify(
    req: unknown,
    state: string,
    meta: unknown,
    done: (error: Error | null, verifier?: string | false) => void,
  ): void;
}

interface Outcome {
  address?: string;
  profile?: Profile;
}

/** Runs passport once. What it would write to a response is taken down instead: the answer is not ours to give. */
function authenticate(
  config: GoogleConfig,
  query: Record<string, string>,
  store: StateStore,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const response = {
      setHeader: (name: string, value: string) => {
        if (name === 'Location') resolve({ address: value });
      },
      end: () => undefined,
    };
    const runner = new passport.Passport();
    runner.use('google', googleStrategy(config, store, reject));
    const handler = runner.authenticate(
      'google',
      { session: false },
      (error: Error | null, profile?: Profile | false) => {
        if (error) reject(error);
        else resolve(profile ? { profile } : {});
      },
    ) as (req: unknown, res: unknown, next: (error?: unknown) => void) => void;
    handler({ query }, response, reject);
  });
}

function googleStrategy(
  config: GoogleConfig,
  store: StateStore,
  giveUp: (error: unknown) => void,
): Strategy {
  const options = {
    clientID: config.clientId,
    clientSecret: config.clientSecret,
    callbackURL: config.callbackUrl,
    authorizationURL: config.authorizationUrl,
    tokenURL: config.tokenUrl,
    userProfileURL: config.userinfoUrl,
    scope: ['openid', 'email', 'profile'],
    pkce: true,
    state: true,
    store: store as unknown as NonNullable<StrategyOptions['store']>,
  };
  const strategy = new Strategy(options, (_access, _refresh, profile, done) => done(null, profile));
  speakThroughFetch(strategy, giveUp);
  return strategy;
}

type Done = (error: unknown, text?: string) => void;

/** The library's client for HTTP, of which we need this much. */
interface Client {
  useAuthorizationHeaderforGET(use: boolean): void;
  _request(
    method: string,
    url: string,
    headers: Record<string, string>,
    body: string,
    accessToken: string | null,
    done: Done,
  ): void;
}

/**
 * The library's own client waits for ever, reads without end, and puts the access token into the URL. What the
 * library makes of a strange answer may throw where nobody would catch it.
 */
function speakThroughFetch(strategy: Strategy, giveUp: (error: unknown) => void): void {
  const signal = AbortSignal.timeout(LONGEST_WAIT);
  const client = (strategy as unknown as { _oauth2: Client })._oauth2;
  client.useAuthorizationHeaderforGET(true);
  client._request = (method, url, headers, body, _accessToken, done) => {
    const init = { method, headers, redirect: 'error', signal, ...(body && { body }) } as const;
    ask(url, init)
      .then(
        (text) => done(null, text),
        (error: unknown) => done(error),
      )
      .catch(giveUp);
  };
}

async function ask(url: string, init: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST_ANSWER) throw new Error('the provider does not come to an end');
  }
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- the library reads the code out of this form
  if (!response.ok) throw { statusCode: response.status, data: text };
  return text;
}

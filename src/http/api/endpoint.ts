import { z } from 'zod';
import type { Context, ParentContext } from '../../context.js';
import { InvalidInput, Refusal, type ErrorCode, type FieldErrors } from '../../core/errors.js';
import type { Subject } from './idempotency-store.js';
import type { LimitName } from '../../config/limit-figures.js';
import { Page } from '../../core/page.js';
import type { Change } from '../../database/changes.js';
import { encodeCursor } from './cursor.js';
import { answerOnce, readKey } from './idempotency.js';
import type { IncomingCall } from './incoming-call.js';
import { parseBody, parseQuery } from './parse.js';
import { Begun, Download, Redirect, type Reply } from './reply.js';
import type { SharedData, SharedSource } from './shared-answers.js';

/** What is written down of an endpoint: the OpenAPI document is made from it. */
export interface EndpointDescription {
  summary: string;
  description?: string;
  /** The limit that holds beside that of all reads or writes; `none`: it is never refused. */
  limit?: LimitName | 'none';
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodObject;
  /** Bytes of the largest body, which carries a signature and so reaches `handle` unparsed, as `sent.rawBody`. */
  signedBody?: number;
  answer: {
    status: 200 | 201 | 202 | 204 | 302;
    description: string;
    schema?: z.ZodType;
    paged?: boolean;
    /** Whether `?count=true` adds the number of items that the whole list has. */
    counted?: boolean;
    /** The media types that the answer may have beside or instead of JSON. */
    downloads?: string[];
  };
  /** Whether the request is done once for each `Idempotency-Key`. */
  idempotent?: boolean;
  /**
   * What a success changes of what all visitors see, or how to tell that from what it found and gave. Unless
   * told: nothing where tokens are ignored, else all.
   */
  changes?: Change[] | ((success: never) => Change[]);
  /** When and where the browser is sent instead, if it may be. */
  redirects?: string;
  /** Whether it answers without the database, and so also while that is away. */
  needsNoDatabase?: true;
  /** The refusals that this endpoint adds to those of its access, query and body. */
  refusals?: ErrorCode[];
}

/** One method of one path, ready to be run in a context of the kind it needs. */
export interface Endpoint<C extends Context> {
  description: EndpointDescription;
  run(ctx: C, call: IncomingCall): Promise<Reply>;
  /** What visitors share of the answer. @throws what `run` throws for path and query. */
  shared?: (ctx: C, call: IncomingCall) => Promise<SharedSource>;
}

interface Handled<C, P, Q, B, R> {
  ctx: C;
  params: P;
  query: Q;
  body: B;
  resource: R;
  /** The request as it was sent, for what has no schema: headers, and the bytes of the body. */
  sent: IncomingCall;
}

/** What is known of a request that succeeded. */
interface Success<P, R, A> {
  params: P;
  /** What `access` found, before the request changed it. */
  found: R;
  answer: A;
}

interface Specification<
  C extends Context,
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodObject,
  A extends z.ZodType,
  R,
> extends EndpointDescription {
  params?: P;
  query?: Q;
  body?: B;
  answer: EndpointDescription['answer'] & { schema?: A };
  changes?: Change[] | ((success: Success<z.output<P>, R, z.output<A>>) => Change[]);
  /** Finds what the path names, or throws 404 or 403: both come before any field error. */
  access?: (ctx: C, params: z.output<P>) => Promise<R>;
  /** For verbs that find that out in their one statement: asked only when query or body are bad. */
  exists?: (ctx: C, params: z.output<P>) => Promise<unknown>;
  /** What the rules say of the fields that are well-formed, so that all bad fields are told at once. */
  rules?: (ctx: C, fields: Partial<z.output<B>>, resource: R) => FieldErrors | Promise<FieldErrors>;
  /** With a key it runs in a transaction, and no other system is to be asked: that is for `finish`. */
  handle: (
    call: Handled<C, z.output<P>, z.output<Q>, z.output<B>, R>,
  ) => Promise<z.input<A> | Page<unknown> | Redirect | Download | Begun | void>;
  /** For visitors, in place of `handle`: what they all share, to be read once for all of them. */
  shared?: (call: {
    ctx: C;
    params: z.output<P>;
    query: z.output<Q>;
  }) => Promise<
    Omit<SharedData, 'present'> & { present: (now: Date) => z.input<A> | Page<unknown> }
  >;
  /** Whether many will ask that. Default: yes. */
  isPopular?: (query: z.output<Q>) => boolean;
  /** Finishes what `handle` has begun; null when that can't be finished any more. */
  finish?: (ctx: C, begun: Begun) => Promise<z.input<A> | null>;
  /** Of whom an answer tells that is remembered for a key; a refusal has no answer. */
  tellsOf?: (params: z.output<P>, answer: z.output<A> | undefined) => Subject;
}

type Empty = z.ZodObject<Record<string, never>>;

/** An endpoint that serves visitors and signed-in parents alike. */
export function forAnyone<
  P extends z.ZodObject = Empty,
  Q extends z.ZodObject = Empty,
  B extends z.ZodObject = Empty,
  A extends z.ZodType = z.ZodVoid,
  R = undefined,
>(spec: Specification<Context, P, Q, B, A, R>): Endpoint<Context> {
  return endpoint(spec);
}

/** An endpoint that serves signed-in parents only. */
export function forParents<
  P extends z.ZodObject = Empty,
  Q extends z.ZodObject = Empty,
  B extends z.ZodObject = Empty,
  A extends z.ZodType = z.ZodVoid,
  R = undefined,
>(spec: Specification<ParentContext, P, Q, B, A, R>): Endpoint<ParentContext> {
  return endpoint(spec);
}

/**
 * Makes one endpoint run: path → access → query → body → handler → answer's schema. Nothing leaves that
 * the answer's schema doesn't name.
 */
function endpoint<
  C extends Context,
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodObject,
  A extends z.ZodType,
  R,
>(spec: Specification<C, P, Q, B, A, R>): Endpoint<C> {
  const { access, exists, rules, handle, finish, tellsOf, shared, isPopular } = spec;
  const changedBy = (params: z.output<P>, found: R, { status, body, repeated }: Reply) => {
    if (typeof spec.changes !== 'function') return spec.changes;
    // A stored refusal that is replayed.
    if (status >= 400) return [];
    const answer = repeated === undefined ? body : (JSON.parse(repeated) as unknown);
    return spec.changes({ params, found, answer: answer as z.output<A> });
  };
  const askIfThere = (ctx: C, params: z.output<P>) => async (error: unknown) => {
    if (error instanceof InvalidInput) await exists?.(ctx, params);
    throw error;
  };
  const readQuery = async (ctx: C, params: z.output<P>, call: IncomingCall) => {
    try {
      return parseQuery(spec.query, call) as z.output<Q>;
    } catch (error) {
      return await askIfThere(ctx, params)(error);
    }
  };
  return {
    description: spec,
    ...(shared && {
      shared: async (ctx, call) => {
        const params = parsePath(spec.params, call.params) as z.output<P>;
        const query = await readQuery(ctx, params, call);
        // The source is kept: it must not hold on to the request that was the first to ask.
        const { rawQuery } = call;
        return {
          key: isPopular?.(query) === false ? null : JSON.stringify([spec.summary, params, query]),
          load: async (asking) => {
            const data = await shared({ ctx: asking as C, params, query });
            const present = (now: Date) => reply(spec, data.present(now), rawQuery);
            return { ...data, present };
          },
        };
      },
    }),
    run: async (ctx, call) => {
      const params = parsePath(spec.params, call.params) as z.output<P>;
      const resource = (await access?.(ctx, params)) as R;
      const input = async () => ({
        query: parseQuery(spec.query, call) as z.output<Q>,
        body: (await parseBody(spec.body, call.body, (fields) =>
          rules?.(ctx, fields as Partial<z.output<B>>, resource),
        )) as z.output<B>,
      });
      const key = await keyOf(spec, call).catch(askIfThere(ctx, params));
      const answered = await answerOnce(
        ctx,
        { key, route: call.route, params, body: call.body },
        {
          parse: () => input().catch(askIfThere(ctx, params)),
          begin: async (inside, { query, body }) => {
            const result = await handle({ ctx: inside, params, query, body, resource, sent: call });
            return result instanceof Begun ? result : reply(spec, result, call.rawQuery);
          },
          finish: async (outside, begun) => {
            const result = await finish?.(outside, begun);
            return result ? reply(spec, result, call.rawQuery) : null;
          },
          tellsOf: (answer) => tellsOf?.(params, answer as z.output<A> | undefined) ?? {},
        },
      );
      return { ...answered, changed: changedBy(params, resource, answered) };
    },
  };
}

/** Within a promise, so that whoever asks for what isn't there is told that first. */
function keyOf({ idempotent }: EndpointDescription, { headers }: IncomingCall) {
  return Promise.resolve(headers).then((sent) => (idempotent ? readKey(sent) : undefined));
}

function parsePath(schema: z.ZodObject | undefined, params: Record<string, unknown>): unknown {
  if (!schema) return {};
  const parsed = schema.safeParse(params);
  if (!parsed.success) throw new Refusal('not_found', 'There is nothing at this address.');
  return parsed.data;
}

function reply({ answer, query }: EndpointDescription, result: unknown, rawQuery: string): Reply {
  const { status, schema } = answer;
  if (result instanceof Redirect) return { status: 302, body: undefined, redirect: result };
  if (result instanceof Download) return { status, body: undefined, download: result };
  if (!schema) return { status, body: undefined };
  if (!(result instanceof Page)) return { status, body: schema.parse(result) };
  const body = schema.parse(result.items);
  const { total } = result;
  if (result.next === null) return { status, body, total };
  const asked = [...new URLSearchParams(rawQuery)].filter(
    ([name]) => query && Object.hasOwn(query.shape, name),
  );
  const next = new URLSearchParams(asked);
  next.set('cursor', encodeCursor(result.next));
  return { status, body, next: next.toString(), total };
}

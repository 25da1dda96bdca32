import { describe, expect, test, vi } from 'vitest';
import { createPaymentGateway } from '../src/integrations/stripe/gateway.js';
import { useApi } from './support/api.js';
import { guestGift, openCampaign, openJar, registerParent } from './support/factories.js';
import { usePayments, type Payments } from './support/paying.js';
import { invalid } from './support/stripe/ledger.js';

const payments = usePayments();
const hasty = usePayments({ longestWait: 500 });
const keyless = usePayments({ secretKey: 'sk_test_revoked' });
const { api } = payments;
/** The same installation, once its CURRENCY is another. */
const inEuros = useApi({
  currency: 'eur',
  frontendUrl: 'https://app.example',
  stripe: () => createPaymentGateway(payments.stripe.config),
  through: () => Promise.resolve(api.database.url),
});

/** Stripe takes no less than 175 of these. */
const inForints = useApi({
  currency: 'huf',
  frontendUrl: 'https://app.example',
  stripe: () => createPaymentGateway(payments.stripe.config),
});

/** A jar of whose child and parent everything can be searched for. */
async function tellingJar() {
  const parent = await registerParent(api, { first_name: 'Zz-first', last_name: 'Zz-last' });
  const born = '2019-03-04';
  const child = { name: 'Zz-child Zz-family', date_of_birth: born, gender: 'female' };
  const { body } = await api.post('/parents/me/children/', child, parent.access).expect(201);
  const described = { title: 'A violin', description: 'Zz-description' };
  const campaign = await openCampaign(api, parent, body, described);
  return { parent, campaign, secrets: ['Zz-', born, 'female', parent.username, parent.email] };
}

const sentTo = (path: string) => payments.stripe.requests.filter((call) => call.path === path);

describe('giving', () => {
  test('tells Stripe the title, the amount and the address of the donor: nothing else of anybody', async () => {
    const { campaign, secrets } = await tellingJar();
    const donor = await registerParent(api, { first_name: 'Pat', last_name: 'Donorsson' });
    const asked = sentTo('/v1/checkout/sessions').length;
    const secretWords = { comment: 'for Zz-child', anonymous: true };
    const { id } = await payments.begin(campaign, { amount: 40, ...secretWords }, donor);
    const [call, ...others] = sentTo('/v1/checkout/sessions').slice(asked);
    expect(others).toEqual([]);
    expect(call!.params).toEqual({
      mode: 'payment',
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': 'usd',
      'line_items[0][price_data][unit_amount]': '4000',
      'line_items[0][price_data][product_data][name]': 'A violin',
      customer_email: donor.email,
      'metadata[donation_id]': String(id),
      'metadata[made_at]': expect.stringMatching(/^\d{13}$/),
      'payment_intent_data[metadata][donation_id]': String(id),
      'payment_intent_data[metadata][made_at]': expect.stringMatching(/^\d{13}$/),
      success_url: expect.stringMatching(
        `^https://app.example/donations/${id}/success#token=[\\w.-]+$`,
      ),
      cancel_url: expect.stringMatching(
        `^https://app.example/donations/${id}/cancelled#token=[\\w.-]+$`,
      ),
    });
    expect(call!.idempotencyKey).toMatch(new RegExp(`^dreamjar-donation-${id}-\\d+$`));
    const said = JSON.stringify(payments.stripe.requests);
    for (const secret of [...secrets, 'Donorsson']) expect(said).not.toContain(secret);
  });

  test('answers with the pending gift and the page to pay it at', async () => {
    const { campaign } = await openJar(api);
    const path = `/campaigns/${campaign.id}/donations/`;
    const { body } = await api.post(path, guestGift({ comment: 'Play!' })).expect(201);
    expect(body).toEqual({
      id: expect.any(Number),
      amount: 25,
      comment: 'Play!',
      anonymous: false,
      donor_name: 'Aunt Kate',
      donor_email: 'kate@example.org',
      date_donated: expect.any(String),
      status: 'pending',
      refunded_amount: 0,
      checkout_url: expect.stringMatching(/^https:\/\/checkout\.stripe\.com\/c\/pay\/cs_test_/),
      campaign: {
        id: campaign.id,
        title: 'A violin of her own',
        goal: 400,
        child_name: 'Mia',
      },
    });
  });

  test('counts nowhere until it is paid; donor and owner see that it is pending', async () => {
    const { parent, campaign } = await openJar(api, { title: 'Orders', category: 'sports' });
    const rival = await openJar(api, { title: 'Orders, too', category: 'sports' });
    const donor = await registerParent(api);
    await payments.give(rival.campaign, { amount: 10 });
    const bySort = async (sort: string) => {
      const { body } = await api.get(`/campaigns/?q=Orders&sort=${sort}`).expect(200);
      return (body as { id: number }[]).map(({ id }) => id);
    };
    const history = async () =>
      (await api.get('/donations/', donor.access).expect(200)).body as object[];
    const dashboard = async () => {
      const { body } = await api.get('/parents/me/', parent.access).expect(200);
      const { total_raised, donation_count, percentage_raised } = body.children[0].campaigns[0];
      return [total_raised, donation_count, percentage_raised];
    };

    const gift = await payments.begin(campaign, { amount: 50 }, donor);
    expect(await payments.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
    expect(await dashboard()).toEqual([0, 0, 0]);
    expect(await history()).toMatchObject([{ id: gift.id, status: 'pending' }]);
    expect(await payments.course(campaign, parent, gift.id)).toMatchObject({ status: 'pending' });
    for (const sort of ['most_funded', 'closest_to_goal'])
      expect(await bySort(sort)).toEqual([rival.campaign.id, campaign.id]);

    await payments.pay(gift);
    expect(await payments.totals(campaign)).toEqual({ total: 50, gifts: 1, listed: [gift.id] });
    expect(await dashboard()).toEqual([50, 1, 12.5]);
    expect(await history()).toMatchObject([{ id: gift.id, status: 'completed' }]);
    expect(await payments.course(campaign, parent, gift.id)).toEqual({
      status: 'completed',
      refunded_amount: 0,
    });
    for (const sort of ['most_funded', 'closest_to_goal'])
      expect(await bySort(sort)).toEqual([campaign.id, rival.campaign.id]);
  });

  test('refuses what is closed before Stripe hears of it', async () => {
    const { parent, campaign } = await openJar(api);
    await api.put(`/campaigns/${campaign.id}/`, { is_open: false }, parent.access).expect(200);
    const asked = payments.stripe.requests.length;
    const { body } = await api
      .post(`/campaigns/${campaign.id}/donations/`, guestGift())
      .expect(409);
    expect(body.code).toBe('campaign_closed');
    expect(payments.stripe.requests).toHaveLength(asked);
  });
});

describe('when Stripe', () => {
  /** The gifts of a campaign as they are stored, and that nobody sees any. */
  async function hidden(one: Payments, jar: Awaited<ReturnType<typeof openJar>>) {
    const { parent, campaign } = jar;
    const path = `/campaigns/${campaign.id}/donations/`;
    expect((await one.api.get(path, parent.access).expect(200)).body).toEqual([]);
    expect(await one.totals(campaign)).toEqual({ total: 0, gifts: 0, listed: [] });
    const stored = await one.api.database.sql<{ id: number; status: string }>(
      'SELECT id, status FROM donations WHERE campaign_id = $1',
      [campaign.id],
    );
    return stored;
  }

  test('is away, giving is too, and nobody sees the attempt; with the same key it is resumed', async () => {
    const jar = await openJar(api);
    const donor = await registerParent(api);
    const ask = () =>
      api
        .post(`/campaigns/${jar.campaign.id}/donations/`, { amount: 5 }, donor.access)
        .set('Idempotency-Key', 'five for Mia');
    await payments.stripe.away();
    const { status, body, headers } = await ask();
    await payments.stripe.back();
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(headers['retry-after']).toMatch(/^\d+$/);
    const [attempt, ...others] = await hidden(payments, jar);
    expect(others).toEqual([]);
    expect((await api.get('/donations/', donor.access)).body).toEqual([]);
    await api.get(`/donations/${attempt!.id}/refunds/`, donor.access).expect(404);

    const resumed = await ask().expect(201);
    expect(resumed.body).toMatchObject({ id: attempt!.id, status: 'pending' });
    expect((await ask().expect(201)).body).toEqual(resumed.body);
    expect((await api.get('/donations/', donor.access)).body).toHaveLength(1);
  });

  test('does it and its answer is lost, one page is open all the same', async () => {
    const { campaign } = await openJar(api);
    const ask = () =>
      api
        .post(`/campaigns/${campaign.id}/donations/`, guestGift())
        .set('Idempotency-Key', 'dropped once');
    const pages = payments.stripe.ledger.sessions.size;
    payments.stripe.next({ drop: true });
    await ask().expect(503);
    const { body } = await ask().expect(201);
    expect(payments.stripe.ledger.sessions.size).toBe(pages + 1);
    expect([...payments.stripe.ledger.sessions.values()].at(-1)!.url).toBe(body.checkout_url);
  });

  test('does not answer in time: 503', async () => {
    const jar = await openJar(hasty.api);
    let answer = () => {};
    hasty.stripe.next({ delay: new Promise<void>((resolve) => (answer = resolve)) });
    const path = `/campaigns/${jar.campaign.id}/donations/`;
    const { status, body } = await hasty.api.post(path, guestGift());
    answer();
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(await hidden(hasty, jar)).toMatchObject([{ status: 'pending' }]);
  });

  test.each([500, 429])('answers %i: 503', async (status) => {
    const jar = await openJar(api);
    payments.stripe.next({ status });
    await api.post(`/campaigns/${jar.campaign.id}/donations/`, guestGift()).expect(503);
    expect(await hidden(payments, jar)).toMatchObject([{ status: 'pending' }]);
  });

  type Refused = [
    code: string | undefined,
    param: string | undefined,
    status: number,
    body: object,
  ];
  const REFUSED: Refused[] = [
    ['amount_too_small', 'line_items[0][price_data][unit_amount]', 400, { amount: [/too small/] }],
    ['amount_too_large', undefined, 400, { amount: [/too large/] }],
    ['email_invalid', 'customer_email', 400, { donor_email: [/address/] }],
    ['parameter_invalid_string', 'customer_email', 400, { donor_email: [/address/] }],
    ['url_invalid', 'success_url', 503, { code: /^unavailable$/ }],
    ['parameter_invalid_empty', 'line_items[0][price_data]', 503, { code: /^unavailable$/ }],
    ['account_invalid', undefined, 503, { code: /^unavailable$/ }],
    ['never_heard_of', undefined, 503, { code: /^unavailable$/ }],
    [undefined, undefined, 503, { code: /^unavailable$/ }],
  ];

  test.each(REFUSED)('refuses by %s (%s): %i', async (code, param, status, told) => {
    const jar = await openJar(api);
    vi.spyOn(payments.stripe.ledger, 'openSession').mockImplementationOnce(() => {
      throw invalid('kate@example.org is not one.', code, param);
    });
    const start = api.logged.length;
    const path = `/campaigns/${jar.campaign.id}/donations/`;
    const { body, text } = await api.post(path, guestGift()).expect(status);
    for (const [field, pattern] of Object.entries(told))
      expect(String(body[field])).toMatch([pattern].flat()[0] as RegExp);
    const [error, ...others] = api.logged
      .slice(start)
      .filter((line) => line.includes('"level":50'));
    expect(error).toContain('Stripe opened no checkout');
    for (const known of [code, param, 'req_']) if (known) expect(error).toContain(known);
    expect(others.filter((line) => !line.includes('"msg":"request"'))).toEqual([]);
    for (const said of [text, error!]) expect(said).not.toContain('kate');
    expect(await hidden(payments, jar)).toMatchObject([
      { status: status === 503 ? 'pending' : 'failed' },
    ]);
  });

  test('refuses the means of whoever pays: 409, and the gift has failed', async () => {
    const jar = await openJar(api);
    payments.stripe.next({ status: 402 });
    const path = `/campaigns/${jar.campaign.id}/donations/`;
    const { body } = await api.post(path, guestGift()).expect(409);
    expect(body.code).toBe('payment_refused');
    expect(await hidden(payments, jar)).toMatchObject([{ status: 'failed' }]);
  });

  test('says what is not understood: 503', async () => {
    const jar = await openJar(api);
    vi.spyOn(payments.stripe.ledger, 'openSession').mockReturnValueOnce({ id: 7 } as never);
    const path = `/campaigns/${jar.campaign.id}/donations/`;
    await api.post(path, guestGift()).expect(503);
    expect(await hidden(payments, jar)).toMatchObject([{ status: 'pending' }]);
  });

  test('does not take a payment that small, it is told before Stripe is asked', async () => {
    const { campaign } = await openJar(inForints);
    const path = `/campaigns/${campaign.id}/donations/`;
    const asked = payments.stripe.requests.length;
    const { body } = await inForints.post(path, { ...guestGift(), amount: 174, donor_name: '' });
    expect(body).toEqual({
      amount: ['Ensure this value is greater than or equal to 175.'],
      donor_name: ['This field is required.'],
    });
    expect(payments.stripe.requests).toHaveLength(asked);
    await inForints.post(path, guestGift({ amount: 175 })).expect(201);
  });

  test('does not accept our key: 503, and the key is nowhere but the news in the log', async () => {
    const jar = await openJar(keyless.api);
    const path = `/campaigns/${jar.campaign.id}/donations/`;
    const { body } = await keyless.api.post(path, guestGift()).expect(503);
    expect(body).toMatchObject({ code: 'unavailable' });
    expect(await hidden(keyless, jar)).toMatchObject([{ status: 'pending' }]);
    expect(keyless.api.logged.join('')).not.toContain('sk_test_revoked');
    const errors = keyless.api.logged.filter((line) => line.includes('"level":50'));
    expect(errors.join('')).toContain('key is not accepted');
  });
});

test('a page that was open when CURRENCY changed is paid in its own', async () => {
  const { campaign } = await openJar(api);
  const donor = await registerParent(api);
  const gift = await payments.begin(campaign, {}, donor);
  expect(await payments.stripe.deliver(payments.stripe.pay(gift.sessionId), inEuros.address)).toBe(
    200,
  );
  expect(await payments.totals(campaign)).toEqual({ total: 25, gifts: 1, listed: [gift.id] });
  const receipt = await inEuros.get(`/donations/${gift.id}/receipt/`, donor.access).expect(200);
  expect(receipt.body).toMatchObject({ amount: 25, currency: 'usd' });
  await inEuros.post(`/campaigns/${campaign.id}/donations/`, guestGift()).expect(201);
  expect([...payments.stripe.ledger.sessions.values()].at(-1)!.currency).toBe('eur');
});

test('no log line of giving holds an address, a name, a comment or a page to pay at', () => {
  const logged = [payments, hasty, keyless].flatMap((one) => one.api.logged).join('');
  expect(logged).toContain('Stripe is away');
  for (const secret of ['kate@', 'Aunt Kate', '@example.com', 'Play!', 'Zz-', 'checkout.stripe'])
    expect(logged).not.toContain(secret);
});

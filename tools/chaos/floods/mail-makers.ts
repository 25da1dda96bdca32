import { randomInt, randomUUID } from 'node:crypto';
import { inTurn, pick, type Ask } from '../traffic.js';
import type { Flood } from './flood.js';
import { openAccounts } from './accounts.js';

const STRANGERS = 20;

export const mailMakers: Flood = {
  name: 'mail-makers',
  title: 'One client has mail sent to people who never asked: codes, links and receipts',
  prepare: async (world) => {
    const [own, ...strangers] = await openAccounts(world, 1 + STRANGERS);
    const post = (path: string, body: object): Ask => ({
      ...{ method: 'POST', path, body, from: '192.0.2.6' },
    });
    const someone = () => `${randomUUID()}@example.net`;
    const register = () =>
      post('/parents/', {
        username: randomUUID(),
        email: someone(),
        password: randomUUID(),
      });
    const reset = () => post('/api/auth/password/reset/', { email: pick(strangers).email });
    const resend = () => ({ ...post('/api/auth/email/resend/', {}), access: own!.access });
    const give = () =>
      post(`/campaigns/${pick(world.campaigns)}/donations/`, {
        ...{ amount: randomInt(1, 100), donor_name: 'A friend', donor_email: someone() },
      });
    // 600 gifts a minute, 300 accounts and 60 links an hour, and five codes.
    return { next: inTurn([register, reset, resend, give]), perMinute: 965 };
  },
};

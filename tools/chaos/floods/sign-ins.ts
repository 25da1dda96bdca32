import { randomUUID } from 'node:crypto';
import { inTurn, pick, type Ask } from '../traffic.js';
import { openAccounts, type Account } from './accounts.js';
import type { Flood } from './flood.js';

const ACCOUNTS = 20;

export const signIns: Flood = {
  name: 'sign-ins',
  title: 'One client signs in to accounts that are its own, and guesses at others',
  prepare: async (world) => {
    const own = await openAccounts(world, ACCOUNTS);
    const strangers = await openAccounts(world, ACCOUNTS);
    const signIn = (body: Pick<Account, 'email' | 'password'>): Ask => ({
      ...{ method: 'POST', path: '/api/token/', from: '192.0.2.5' },
      body: { email: body.email, password: body.password },
    });
    const guess = () => ({ email: pick(strangers).email, password: randomUUID() });
    const nobody = () => ({ email: `${randomUUID()}@example.org`, password: randomUUID() });
    const tries = [() => pick(own), guess, nobody];
    return { next: inTurn(tries.map((who) => () => signIn(who()))), perMinute: 120 };
  },
};

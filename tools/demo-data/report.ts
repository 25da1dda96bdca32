import type { Seeded } from './seed-database.js';

/** What the command says at its end: the counts, the seconds, a login, and a line to try it. */
export function reportOf(seeded: Seeded, seconds: number, address: string): string {
  const { parents, children, campaigns, donations, seed, email, password } = seeded;
  const counts = Object.entries({ parents, children, campaigns, donations });
  const list = counts.map(([what, count]) => `${count.toLocaleString('en')} ${what}`).join(', ');
  return [
    `Stored ${list} in ${seconds.toFixed(1)} s (seed ${seed}).`,
    '',
    `  Email     ${email}`,
    `  Password  ${password}`,
    `  Sign in   curl -H 'Content-Type: application/json' -d '${JSON.stringify({ email, password })}' ${address}/api/token/`,
  ].join('\n');
}

// Loads the reads of a running server, one after another, and prints a Markdown table.
// With demo data of seed 1 the dashboard is among them. Usage: node scripts/measure-reads.mjs http://127.0.0.1:3000 [seconds per read]
import autocannon from 'autocannon';

const [base = 'http://127.0.0.1:3000', seconds = '5'] = process.argv.slice(2);
const CONNECTIONS = 10;

const [popular] = await (await fetch(`${base}/campaigns/?sort=most_funded&page_size=1`)).json();
const deep = await deepPage(`${base}/campaigns/${popular.id}/donations/?page_size=100`, 20);

const reads = {
  'browse, newest': '/campaigns/?page_size=20',
  'browse, by category': '/campaigns/?page_size=20&category=sports',
  'browse, most funded': '/campaigns/?page_size=20&sort=most_funded',
  'browse, closest to goal': '/campaigns/?page_size=20&sort=closest_to_goal',
  'browse, ending soon': '/campaigns/?page_size=20&sort=ending_soon',
  'browse, most funded in a category': '/campaigns/?page_size=20&sort=most_funded&category=dreams',
  'search, a word': '/campaigns/?page_size=20&q=violin',
  'detail of the most popular': `/campaigns/${popular.id}/`,
  'its gifts, newest 20': `/campaigns/${popular.id}/donations/?page_size=20`,
  'its gifts, a deep page of 20': deep,
  "a parent's dashboard": '/parents/me/',
};
const authorization = await demoToken();

console.log(`| read | requests/s | p50 ms | p99 ms |\n|---|---:|---:|---:|`);
for (const [name, path] of Object.entries(reads)) {
  const signedIn = path.startsWith('/parents/');
  if (signedIn && !authorization) continue;
  const headers = signedIn ? { authorization } : {};
  const run = (duration) =>
    autocannon({ url: base + path, connections: CONNECTIONS, duration, headers });
  await run(1);
  const { requests, latency, non2xx } = await run(Number(seconds));
  if (non2xx > 0) throw new Error(`${name}: ${non2xx} answers were not 2xx`);
  console.log(`| ${name} | ${Math.round(requests.average)} | ${latency.p50} | ${latency.p99} |`);
}

async function demoToken() {
  const response = await fetch(`${base}/api/token/`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'demo@example.com', password: 'dreamjar-demo' }),
  });
  return response.ok ? `Bearer ${(await response.json()).access}` : undefined;
}

/** The path of the page after so many pages, or of the last that has a next. */
async function deepPage(first, pages) {
  let url = first;
  for (let i = 0; i < pages; i += 1) {
    const { headers } = await fetch(url);
    const next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
    if (!next) break;
    url = next;
  }
  const deep = new URL(url);
  deep.searchParams.set('page_size', '20');
  return deep.pathname + deep.search;
}

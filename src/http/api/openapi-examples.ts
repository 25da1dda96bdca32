/** What the page at `/docs` shows for a field, by its name: without it, a number would be the least that there is. */
const EXAMPLES: Record<string, unknown> = {
  id: 7,
  parent: 3,
  child: 5,
  donor: 3,
  donation: 41,
  session: 12,
  age: 9,
  name: 'Mia Sommer',
  public_name: 'Mia',
  child_name: 'Mia',
  gender: 'female',
  username: 'anna',
  email: 'anna@example.com',
  password: 'correct horse battery',
  current_password: 'correct horse battery',
  access: 'eyJhbGciOiJIUzI1NiJ9.payload.signature',
  refresh: 'eyJhbGciOiJIUzI1NiJ9.payload.signature',
  token: 'from-the-link-in-the-mail',
  first_name: 'Anna',
  last_name: 'Sommer',
  date_of_birth: '2017-05-17',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0',
  title: 'A violin of her own',
  description: 'She practises on a borrowed one.',
  image: 'https://images.example/violin.jpg',
  profile_picture: 'https://images.example/mia.jpg',
  category: 'hobbies',
  goal: 400,
  is_open: true,
  has_deadline: true,
  deadline: '2099-12-31T18:00:00.000Z',
  close_at_deadline: false,
  close_when_funded: false,
  total_raised: 150,
  donation_count: 6,
  percentage_raised: 37.5,
  seconds_remaining: 86400,
  amount: 25,
  amount_minor: 2500,
  refunded_amount: 0,
  anonymous: false,
  comment: 'Play for us!',
  reason: 'The boots were on sale.',
  donor_name: 'Aunt Kate',
  donor_email: 'kate@example.org',
  checkout_url: 'https://checkout.stripe.com/c/pay/cs_test_a1',
  claimed: 2,
  date: '2026-03-01',
  from: '2026-03-01',
  to: '2026-03-01',
  raised: 150,
  gifts: 6,
  donors: 5,
  average: 25,
  largest: 60,
  min_length: 1,
  max_length: 200,
  max_bytes: 72,
  min: 1,
  max: 100,
  default: 100,
  version: '0.1.0',
  docs: '/docs',
  openapi: '/openapi.json',
  detail: 'There is nothing at this address.',
};

interface ObjectSchema {
  type?: unknown;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, unknown>;
}

/** Gives the fields of a schema their examples, and takes out bounds that only say how JavaScript stores a number. */
export function addExamples(schema: object): void {
  const described = schema as ObjectSchema;
  if (described.minimum === Number.MIN_SAFE_INTEGER) delete described.minimum;
  if (described.maximum === Number.MAX_SAFE_INTEGER) delete described.maximum;
  for (const [name, field] of Object.entries(described.properties ?? {})) {
    const known = field as { example?: unknown; examples?: unknown[] };
    if (Object.hasOwn(EXAMPLES, name) && known.example === undefined)
      known.examples ??= [EXAMPLES[name]];
  }
}

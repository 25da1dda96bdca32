/** What the page at `/docs` shows for a field, by its name: without it, a number would be the least that there is. */
const EXAMPLES: Record<string, unknown> = {
  id: 7,
  parent: 3,
  child: 5,
  donor: 3,
  session: 12,
  age: 9,
  name: 'Mia Sommer',
  child_name: 'Mia',
  username: 'anna',
  email: 'anna@example.com',
  first_name: 'Anna',
  last_name: 'Sommer',
  date_of_birth: '2017-05-17',
  title: 'A violin of her own',
  description: 'She practises on a borrowed one.',
  image: 'https://images.example/violin.jpg',
  profile_picture: 'https://images.example/mia.jpg',
  goal: 400,
  total_raised: 150,
  donation_count: 6,
  percentage_raised: 37.5,
  seconds_remaining: 86400,
  amount: 25,
  refunded_amount: 0,
  comment: 'Play for us!',
  donor_name: 'Aunt Kate',
  donor_email: 'kate@example.org',
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
    if (name in EXAMPLES && known.example === undefined) known.examples ??= [EXAMPLES[name]];
  }
}

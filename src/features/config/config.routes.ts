import { forAnyone } from '../../http/api/endpoint.js';
import { presentConfig } from './config.presenter.js';
import { PublicConfig } from './config.schemas.js';

export const show = forAnyone({
  summary: 'See what this server offers',
  description:
    'Its currency, how donations are paid, the categories, the limits of fields, how many children and campaigns ' +
    'there may be, and the rate limits.',
  needsNoDatabase: true,
  answer: { status: 200, description: 'The same for everybody.', schema: PublicConfig },
  handle: ({ ctx }) => Promise.resolve(presentConfig(ctx.settings)),
  shared: ({ ctx }) => {
    const config = presentConfig(ctx.settings);
    return Promise.resolve({
      present: () => config,
      campaigns: [],
      dependsOn: 'its campaigns' as const,
      deadlines: [],
    });
  },
});

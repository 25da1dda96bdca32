import { z } from 'zod';
import type { Settings } from '../../context.js';
import { LARGEST_PAGE } from '../../core/page.js';
import { VERSION } from '../../core/version.js';
import { CATEGORIES, NewCampaign } from '../fundraising/campaigns/campaigns.schemas.js';
import { NewChild } from '../families/children/children.schemas.js';
import { NewDonation } from '../giving/donations/donations.schemas.js';
import { Registration } from '../accounts/parents/parents.schemas.js';
import type { FieldLimits, PublicConfig } from './config.schemas.js';

const FIELDS = {
  parent: limitsOf(Registration),
  child: limitsOf(NewChild),
  campaign: limitsOf(NewCampaign),
  donation: limitsOf(NewDonation),
};

/** The settings that clients may know, and the limits of the schemas that check what they send. */
export function presentConfig(settings: Settings): z.input<typeof PublicConfig> {
  const { bounds, limits, rateLimit } = settings;
  return {
    currency: settings.currency,
    payments: settings.payments,
    google: settings.google !== undefined,
    categories: [...CATEGORIES],
    limits: {
      ...FIELDS,
      page_size: { min: 1, max: LARGEST_PAGE, default: LARGEST_PAGE },
      children: bounds.children,
      campaigns: bounds.campaigns,
      open_campaigns: bounds.openCampaigns,
      rates: rateLimit ? limits : {},
    },
    version: VERSION,
  };
}

/** What JSON Schema calls `minLength` and so on, of each field that has any of it. */
function limitsOf(schema: z.ZodObject): Record<string, FieldLimits> {
  const described = Object.entries(schema.shape).map(([name, field]) => {
    const { anyOf = [], ...own } = z.toJSONSchema(field as z.ZodType, {
      io: 'input',
      unrepresentable: 'any',
    });
    return [name, limitsIn([own, ...anyOf])] as const;
  });
  return Object.fromEntries(described.filter(([, limits]) => Object.keys(limits).length > 0));
}

function limitsIn(schemas: z.core.JSONSchema.BaseSchema[]): FieldLimits {
  const { format, minLength, maxLength, minimum, maximum } = Object.assign({}, ...schemas) as {
    [key: string]: unknown;
  } & Partial<Record<'minLength' | 'maxLength' | 'minimum' | 'maximum', number>>;
  return {
    ...(minLength !== undefined && { min_length: minLength }),
    // bcrypt reads so many bytes of a password.
    ...(maxLength !== undefined && {
      [format === 'password' ? 'max_bytes' : 'max_length']: maxLength,
    }),
    ...(minimum !== undefined && { min: minimum }),
    ...(maximum !== undefined && { max: maximum }),
  };
}

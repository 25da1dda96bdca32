// Loaded into a program of dist/ before it starts, so that few requests use a limit up.
import { DEFAULT_LIMITS } from '../../dist/config/limit-figures.js';

const share = Number(process.env.SHARE_OF_LIMITS);
for (const { rules } of Object.values(DEFAULT_LIMITS))
  for (const rule of rules) rule.max = Math.ceil(rule.max * share);

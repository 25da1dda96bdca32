import { parseArgs } from 'node:util';
import { GROUPS } from './targets.mjs';

export const HELP = `Measures the built server under load, beside bare servers that show how fast it could be.

  npm run bench -- [options]

  --campaigns N     how large the platform is (10000)
  --donations N     (1000000)
  --rounds N        rounds of each target, the server and its floor in turn (5)
  --seconds N       of each round (5)
  --connections N   (10)
  --processes N     of the server and of its floors (1)
  --only a,b        of start, ${GROUPS.join(', ')}, memory; deep with --grow
  --keep DIR        keeps the loaded database there for the next run
  --quick           a small platform and short rounds, to try it: figures mean nothing

  --grow            instead: the same reads on platforms of several sizes, by visitors, who are answered from
                    memory, and by a signed-in parent, for whom the database is asked each time
  --sizes a:b,...   their campaigns and donations (1000:1000,10000:1000000,100000:5000000)
  --budget N        minutes; sizes that don't fit are left out (45)

  --deletes         instead: a campaign with --donations N, its child and its parent's account are deleted while
                    others go on giving

  --against URL     instead: the public reads, in turn with another server that keeps the same contract; load
                    it alike, with --campaigns N and --donations N, or the ratios compare the data

  --json FILE       writes all figures there; - for the standard output
  --markdown        writes the table into docs/benchmarks.md
  --help            this text

The database is an embedded one; with DATABASE_URL, databases named dreamjar_bench_... are made there, and
the loaded ones stay. Ends with 1 when a goal is missed, unless --quick, or when an answer was not 2xx.`;

const DEFAULTS = {
  campaigns: '10000',
  donations: '1000000',
  rounds: '5',
  seconds: '5',
  sizes: '1000:1000,10000:1000000,100000:5000000',
};

const QUICK = {
  campaigns: '200',
  donations: '5000',
  rounds: '2',
  seconds: '2',
  sizes: '100:1000,1000:10000',
};

/** Reads the command line. @throws one sentence when it makes no sense. */
export function readOptions(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({
    args,
    options: {
      ...{ campaigns: text, donations: text, rounds: text, seconds: text, sizes: text, only: text },
      ...{ connections: { ...text, default: '10' }, processes: { ...text, default: '1' } },
      ...{ keep: text, json: text, against: text, budget: { ...text, default: '45' } },
      ...{ quick: flag, grow: flag, deletes: flag, markdown: flag, help: flag },
    },
  });
  if (values.against && values.markdown) throw new Error('--markdown has no place for --against.');
  const given = { ...(values.quick ? QUICK : DEFAULTS), ...values };
  const names = ['campaigns', 'donations', 'rounds', 'seconds'];
  const counts = [...names, 'connections', 'processes', 'budget'];
  const numbers = counts.map((name) => [name, wholeNumber(`--${name}`, given[name])]);
  return {
    ...given,
    ...Object.fromEntries(numbers),
    sizes: given.sizes.split(',').map(readSize),
    only: given.only && readGroups(given.only),
    against: given.against?.replace(/\/+$/, ''),
  };
}

function readSize(text) {
  const [campaigns, donations] = text.split(':').map((number) => wholeNumber('--sizes', number));
  if (donations === undefined) throw new Error('--sizes takes campaigns:donations,...');
  return { campaigns, donations };
}

function readGroups(text) {
  const known = ['start', ...GROUPS, 'memory', 'deep'];
  const groups = text.split(',');
  const unknown = groups.find((group) => !known.includes(group));
  if (unknown !== undefined) throw new Error(`--only knows ${known.join(', ')}, not ${unknown}.`);
  return groups;
}

function wholeNumber(name, text) {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`${name} takes whole numbers from 1 on.`);
}

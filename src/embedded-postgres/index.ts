import { resolve } from 'node:path';
import { prepareCluster } from './cluster.js';
import { ensureDatabase, urlOf, type Link } from './connect.js';
import { startError } from './failure.js';
import { keepOwning, stillOwns } from './keeper.js';
import type { Launch } from './launch.js';
import { enter, isLast, type Role } from './locks.js';
import { findPlace, type Place } from './place.js';
import { stopPostmaster } from './postmaster.js';

/** A PostgreSQL for one data folder. */
export interface EmbeddedDatabase {
  /** Good for as long as it runs: a restart keeps port and password. */
  url: string;
  /** Where its files are: below the data folder, or elsewhere, of which a note tells. */
  folder: string;
  /** Sentences for the person who started it. */
  notes: string[];
  /** Ends our part, in a few seconds at most; more calls wait for the first. */
  stop: () => Promise<void>;
}

/** Whose data, and how to run it. */
export interface EmbeddedOptions {
  dataDir: string;
  /** `owner`: one per folder, stops PostgreSQL at its end. `guest`: shares it; the last one stops it. */
  role?: Role;
  /** False trades safety for speed, for tests only. */
  durable?: boolean;
}

/**
 * Starts the PostgreSQL of a data folder, or joins the one that runs there, and makes its
 * database on the first start. Throws a StartError, one sentence that says what to do, when it
 * can't, or when the folder has another owner.
 */
export async function startEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { role = 'owner', durable = true } = options;
  const dataDir = resolve(options.dataDir);
  const ending = new AbortController();
  const how: Launch = { durable, signal: ending.signal };
  try {
    const place = await findPlace(dataDir);
    await prepareCluster(place, durable);
    const link = await enter(place, role, how);
    const leave =
      role === 'owner' ? lead(link, place, how, ending) : () => leaveAsGuest(link, place);
    let left: Promise<void> | undefined;
    const stop = () => (left ??= leave());
    try {
      await ensureDatabase(link);
    } catch (error) {
      await stop();
      throw error;
    }
    const { folder, notes } = place;
    return { url: await urlOf(place, link.port), folder, notes, stop };
  } catch (error) {
    throw startError(error, dataDir);
  }
}

/** Gives the way to stop: the keeper first, or it would start again what we stop. */
function lead(link: Link, place: Place, how: Launch, ending: AbortController) {
  const keeping = keepOwning(link, place, how);
  return async () => {
    ending.abort();
    const last = await keeping;
    if (await stillOwns(last, place)) await stopPostmaster(place);
    await last.client.end().catch(() => undefined);
  };
}

async function leaveAsGuest(link: Link, place: Place): Promise<void> {
  if (await isLast(link)) await stopPostmaster(place);
  await link.client.end().catch(() => undefined);
}

import type { Api } from './api.js';

/** A statement that has read its rows, and hasn't told them yet. */
export interface HeldReading {
  /** Settles once the rows are read. */
  hasRead: Promise<void>;
  release(): void;
}

/** Holds back what the API's next statement reads, until told to let go. */
export function holdNextReading({ db }: Api): HeldReading {
  const query = db.query.bind(db);
  const read = signal();
  const gate = signal();
  db.query = async <Row>(...asked: Parameters<typeof query>) => {
    db.query = query;
    const rows = await query<Row>(...asked);
    read.give();
    await gate.given;
    return rows;
  };
  return { hasRead: read.given, release: gate.give };
}

function signal() {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}

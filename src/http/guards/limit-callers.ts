/** Who makes a request, as far as limits are concerned. */
export interface Caller {
  address: string;
  /** Null for a visitor. */
  parent: { id: number; email: string } | null;
  /** The fields of the body that are well-formed. */
  fields: Record<string, unknown>;
  /** The parameters of the query, as they were sent. */
  query: Record<string, unknown>;
}

/** What is known of a caller before anything is looked up. */
export type Client = Pick<Caller, 'address' | 'query'>;

/** What is known of a caller once a request was counted. */
export interface Standing {
  /** Whether the account that the body names signed in from this network lately. */
  isFamiliar: boolean;
  /** Whether visitors from this network name more mailboxes than mail is sent to. */
  namesTooMany: boolean;
}

/** Makes a key of the table that doesn't show what it is for. */
export type Key = (parts: (string | number)[]) => string;

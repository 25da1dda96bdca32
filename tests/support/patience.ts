/** Milliseconds after which tests give up waiting for something: only so that what hangs ends. */
export const PATIENCE = 300_000;

/** How long, and how often, to look for what is there in a moment. */
export const SOON = { timeout: PATIENCE, interval: 5 };

/** Milliseconds after which tests give up waiting for something: only so that what hangs ends. */
export const PATIENCE = 300_000;

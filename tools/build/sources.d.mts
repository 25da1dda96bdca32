/** What a build reads beside `src/`. */
export const FILES: string[];

/** Whether dist/ was built from the sources as they are now. */
export function isBuilt(): boolean;

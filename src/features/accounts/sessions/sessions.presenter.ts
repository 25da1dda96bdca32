import type { z } from 'zod';
import type { SessionForm } from './sessions.schemas.js';

/** What the form of a session is made of. */
export interface SessionRow {
  id: number;
  createdAt: Date;
  rotatedAt: Date;
  userAgent: string;
}

/** A session as its parent sees it. */
export function presentSession(row: SessionRow, currentId: number): z.input<typeof SessionForm> {
  return {
    id: row.id,
    created: row.createdAt.toISOString(),
    last_used: row.rotatedAt.toISOString(),
    user_agent: row.userAgent,
    current: row.id === currentId,
  };
}

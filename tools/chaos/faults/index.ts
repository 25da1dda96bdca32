import type { Fault } from '../findings.js';
import { faultOf } from '../floods/flood.js';
import { FLOODS } from '../floods/index.js';
import { databaseFrozen } from './database-frozen.js';
import { databaseReadOnly } from './database-read-only.js';
import { databaseStopped } from './database-stopped.js';
import { diskFull, diskReadOnly } from './disk.js';
import { doubleLoad } from './double-load.js';
import { kill } from './kill.js';
import { poolExhausted } from './pool-exhausted.js';
import { slowSockets } from './slow-sockets.js';
import { terminate } from './terminate.js';

/** All that may go wrong, in the order in which it is tried. */
export const FAULTS: Fault[] = [
  kill,
  databaseStopped,
  databaseFrozen,
  poolExhausted,
  databaseReadOnly,
  diskFull,
  diskReadOnly,
  slowSockets,
  doubleLoad,
  terminate,
  // Last, for they fill the database.
  ...FLOODS.map(faultOf),
];

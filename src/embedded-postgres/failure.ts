import { StartError } from '../core/errors.js';

/** One sentence for the person at the terminal, for whatever stopped the start. */
export function startError(error: unknown, dataDir: string): StartError {
  if (error instanceof StartError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code ?? '') {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StartError(
        `The data folder ${dataDir} can't be used by this user (${code}): give it the right to read and write there, or set DATA_DIR to another folder.`,
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return new StartError(
        `The data folder ${dataDir} can't be made, for a file stands in its way: move that file, or set DATA_DIR to another folder.`,
      );
    case 'ENOENT':
      return new StartError(
        `The data folder ${dataDir} can't be made or lacks a file (${message}): set DATA_DIR to another folder.`,
      );
    case 'ENAMETOOLONG':
      return new StartError(
        `The path of the data folder is too long: set DATA_DIR to a shorter one.`,
      );
    case 'ENOSPC':
    case 'EDQUOT':
    case '53100':
      return new StartError(
        `There is no space for a database in ${dataDir}: make room, or set DATA_DIR to a folder on another disk.`,
      );
    default:
      return new StartError(
        `The embedded database can't start in ${dataDir} (${message}): set DATA_DIR to another folder, or DATABASE_URL to a PostgreSQL of your own.`,
      );
  }
}

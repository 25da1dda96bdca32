import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { StartError } from './errors.js';

/** A line that assigns, as dotenv understands it. Only its name is looked at, never its value. */
const ASSIGNMENT = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=|:\s)/;

/** A line that assigns nothing: blank, or a comment. */
const NOTHING = /^\s*(#.*)?$/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The variables that a `.env` file sets; none where there is no such file.
 * @throws StartError when it can't be read, or when a part of it would be ignored silently.
 */
export function readEnvFile(path: string): Record<string, string> {
  const content = contentOf(path);
  if (content === undefined) return {};
  const variables = parse(content);
  refuseIgnoredLines(path, content, variables);
  return variables;
}

function contentOf(path: string): string | undefined {
  try {
    return utf8.decode(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EISDIR') throw new StartError(`${path} is a folder, not a file of settings.`);
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new StartError(`${path} is not UTF-8 text: save it as UTF-8.`);
    }
    throw new StartError(`${path} can't be read (${code ?? 'unknown error'}).`);
  }
}

/** Lines outside a quoted value must assign something, and no name may be given twice. */
function refuseIgnoredLines(
  path: string,
  content: string,
  variables: Record<string, string>,
): void {
  const lines = content.split(/\r\n?|\n/);
  const seen = new Set<string>();
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index]!;
    if (NOTHING.test(line)) continue;
    const name = ASSIGNMENT.exec(line)?.[1];
    if (name === undefined || !Object.hasOwn(variables, name)) {
      throw new StartError(`Line ${index + 1} of ${path} is no setting: write NAME=value.`);
    }
    if (seen.has(name)) throw new StartError(`${path} sets ${name} twice: keep one of them.`);
    seen.add(name);
    // A quoted value may go on over the next lines; dotenv has read it already.
    index += (variables[name] ?? '').split('\n').length - 1;
  }
}

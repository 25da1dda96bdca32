import { readFileSync, statSync } from 'node:fs';
import { parse } from 'dotenv';
import { StartError } from '../core/errors.js';

/** An assignment as dotenv finds it. A quoted value may go on over several lines. */
const ASSIGNMENT =
  /^\s*(?:export\s+)?(?<name>[\w.-]+)(?:\s*=\s*?|:\s+?)(?:(?<quoted>\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`)|[^#\n]+)?\s*(?<comment>#.*)?$/gm;

/** A line that assigns nothing: blank, or a comment. */
const NOTHING = /^\s*(#.*)?$/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The variables that a `.env` file sets; none where there is no such file.
 * @throws StartError when it can't be read, or when a part of it would be ignored silently.
 */
export function readEnvFile(path: string): Record<string, string> {
  const content = contentOf(path)?.replace(/\r\n?/g, '\n');
  if (content === undefined) return {};
  const variables = parse(content);
  refuseIgnored(path, content, variables);
  return variables;
}

function contentOf(path: string): string | undefined {
  try {
    // Reading a pipe blocks until something writes to it.
    if (statSync(path).isFile()) return utf8.decode(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new StartError(`${path} is not UTF-8 text: save it as UTF-8.`);
    }
    throw new StartError(`${path} can't be read (${code ?? 'unknown error'}).`);
  }
  throw new StartError(`${path} must be a regular file, not a folder, pipe or device.`);
}

/** What stands between assignments must be blank or a comment, no name may be given twice, and no value cut off. */
function refuseIgnored(path: string, content: string, variables: Record<string, string>): void {
  const seen = new Set<string>();
  let end = 0;
  for (const match of content.matchAll(ASSIGNMENT)) {
    refuseText(path, content, end, match.index);
    end = match.index + match[0].length;
    const { name = '', quoted, comment = '' } = match.groups!;
    if (!Object.hasOwn(variables, name)) refuseText(path, content, match.index, end);
    if (seen.has(name)) throw new StartError(`${path} sets ${name} twice: keep one of them.`);
    seen.add(name);
    const isCut =
      comment !== '' && quoted === undefined && /\S$/.test(match[0].slice(0, -comment.length));
    if (isCut) {
      throw new StartError(
        `${path} has a # in the value of ${name}, where a comment begins: write ${name}="…".`,
      );
    }
  }
  refuseText(path, content, end, content.length);
}

/** @throws StartError when a line of this part is neither blank nor a comment. */
function refuseText(path: string, content: string, from: number, to: number): void {
  const bad = content
    .slice(from, to)
    .split('\n')
    .findIndex((line) => !NOTHING.test(line));
  if (bad === -1) return;
  const line = content.slice(0, from).split('\n').length + bad;
  throw new StartError(`Line ${line} of ${path} is no setting: write NAME=value.`);
}

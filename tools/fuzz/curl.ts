import { gzipSync } from 'node:zlib';
import { bytesOf, type WireRequest } from './wire.js';

/** Bytes of a body that still stand in the line itself. */
const LONGEST_INLINE = 2_000;

/** A line for bash that sends the same request again. */
export function curlLine(address: string, request: WireRequest): string {
  if (request.bare) return bareLine(new URL(address), request);
  const { method, target, headers, body } = request;
  const parts = ['curl -g -sS -i --path-as-is', method === 'HEAD' ? '-I' : `-X ${quote(method)}`];
  // Curl takes `Name;` for a header without a value, and adds a type to a body that is given none.
  for (const [name, value] of Object.entries(headers)) {
    parts.push(`-H ${quote(value === '' ? `${name};` : `${name}: ${value}`)}`);
  }
  if (body && !('Content-Type' in headers)) parts.push(`-H 'Content-Type:'`);
  const inline = body && body.length <= LONGEST_INLINE && !body.includes(0);
  if (body) parts.push(`--data-binary ${inline ? quote(body.toString('latin1')) : '@-'}`);
  const line = [...parts, quote(address + target)].join(' ');
  return body && !inline ? `${unpack(body)} | ${line}` : line;
}

/** What curl would not send goes through a bare connection. */
function bareLine({ host, hostname, port }: URL, request: WireRequest): string {
  return `${unpack(bytesOf(request, host))} | nc -w 5 ${hostname} ${port || 80}`;
}

function unpack(bytes: Buffer): string {
  return `echo ${gzipSync(bytes).toString('base64')} | base64 -d | gunzip`;
}

/** A word of bash, a character a byte. */
function quote(text: string): string {
  if (/^[\x20-\x7E]*$/.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const escaped = text.replace(/[^\x20-\x7E]|['\\]/g, (one) =>
    one === "'" || one === '\\'
      ? `\\${one}`
      : `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `$'${escaped}'`;
}

import { domainToASCII } from 'node:url';

/** Characters of a whole address and of the part before the sign: RFC 5321, 4.5.3.1. */
const LONGEST_ADDRESS = 254;
const LONGEST_LOCAL_PART = 64;

/** RFC 5322's dot-atom. */
const ATOM = /^[\w!#$%&'*+/=?^`{|}~-]+$/;

/** A label of a host name (RFC 1123). */
const LABEL = /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i;

const TOP_LABEL = /^[a-z][a-z\d-]*[a-z\d]$/i;

/**
 * Whether mail can be sent to an address: the one rule for accounts, guests and the mailer. ASCII, a dot-atom
 * at a host name of two labels or more, within the lengths of SMTP.
 */
export function isMailAddress(address: string): boolean {
  const labels = labelsOf(address);
  return labels.length > 1 && TOP_LABEL.test(labels.at(-1)!);
}

/** The same for a sender, whose host may be `localhost` and the like. */
export function isSenderAddress(address: string): boolean {
  return labelsOf(address).length > 0;
}

/** The labels of a good address's host; none of another's. */
function labelsOf(address: string): string[] {
  const [local = '', domain = '', ...more] =
    address.length > LONGEST_ADDRESS ? [] : address.split('@');
  const labels = domain.split('.');
  const isGood =
    more.length === 0 &&
    local.length <= LONGEST_LOCAL_PART &&
    local.split('.').every((atom) => ATOM.test(atom)) &&
    labels.every((label) => LABEL.test(label)) &&
    // The mailer sends to the host that this gives: an `xn--` label that stands for nothing gives none.
    domainToASCII(domain) === domain.toLowerCase();
  return isGood ? labels : [];
}

/** Parameters for delivery status notifications (RFC 3461 §4): taken without being offered, checked, and passed on. */
import { CommandSyntaxError } from '@angarium/sdk';
import { decodeXtext, type Parameters } from './parameters.js';

/** RFC 3461 §5.4, §4.2. */
const MAX_ENVID = 100;
const MAX_ORCPT = 500;

/** RET and ENVID of MAIL. @throws CommandSyntaxError */
export function checkMessageDsn({ RET, ENVID }: Parameters): void {
  if (RET !== undefined && !/^(FULL|HDRS)$/i.test(RET)) {
    throw new CommandSyntaxError('RET must be FULL or HDRS');
  }
  if (ENVID !== undefined && !isXtext(ENVID, MAX_ENVID)) {
    throw new CommandSyntaxError(`ENVID must be xtext of at most ${MAX_ENVID} characters`);
  }
}

/** NOTIFY and ORCPT of RCPT. @throws CommandSyntaxError */
export function checkRecipientDsn({ NOTIFY, ORCPT }: Parameters): void {
  if (NOTIFY !== undefined && !/^(NEVER|(SUCCESS|FAILURE|DELAY)(,(SUCCESS|FAILURE|DELAY))*)$/i.test(NOTIFY)) {
    throw new CommandSyntaxError('NOTIFY must be NEVER, or a list of SUCCESS, FAILURE and DELAY');
  }
  if (ORCPT === undefined) return;
  const at = ORCPT.indexOf(';');
  const type = ORCPT.slice(0, Math.max(0, at));
  const address = ORCPT.slice(at + 1);
  // RFC 6533 §3: utf-8 addresses have another encoding, which a client with SMTPUTF8 may send as it is.
  const isAddress = /^utf-8$/i.test(type) ? address.length <= MAX_ORCPT : isXtext(address, MAX_ORCPT);
  if (!/^[A-Za-z0-9-]+$/.test(type) || address === '' || !isAddress) {
    throw new CommandSyntaxError('ORCPT must be an address type, a semicolon, and the address in xtext');
  }
}

function isXtext(text: string, maxLength: number): boolean {
  return text !== '' && text.length <= maxLength && decodeXtext(text) !== undefined;
}

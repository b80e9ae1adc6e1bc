/** Actions of the base (RFC 5228 §4), `stop`, and `fileinto` (§4.1). */
import type { Call } from '../compiler/call.js';
import type { CommandDefinition, SieveExtension, Step, Tag } from '../compiler/extension.js';
import { SieveRuntimeError } from '../language/problem.js';
import type { Run } from '../runtime/run.js';
import { isSendable } from './addresses.js';
import { flagsOf } from './imap4flags.js';

const copyTag: Tag = { name: ':copy', requires: 'copy' };
const flagsTag: Tag = { name: ':flags', value: 'strings', requires: 'imap4flags' };

const keep: CommandDefinition = {
  name: 'keep',
  tags: [flagsTag],
  compile(call) {
    const flags = flagsOf(call);
    return (run) => {
      run.hasImplicitKeep = false;
      run.act({ is: 'keep', flags: flags(run), ...run.edits });
    };
  },
};

const discard: CommandDefinition = {
  name: 'discard',
  compile: () => (run) => {
    run.hasImplicitKeep = false;
    run.act({ is: 'discard' });
  },
};

const stop: CommandDefinition = { name: 'stop', compile: () => (run) => run.stop() };

const redirect: CommandDefinition = {
  name: 'redirect',
  positional: ['string'],
  tags: [copyTag],
  compile(call) {
    call.checkTexts(0, (address) =>
      isSendable(address) ? undefined : `${JSON.stringify(address)} is no address`,
    );
    const address = call.text(0);
    const ends = endsImplicitKeep(call);
    return (run) => {
      const to = address(run);
      if (!isSendable(to))
        throw new SieveRuntimeError('redirect has been given something that is no address');
      const redirects = run.actions.filter(({ is }) => is === 'redirect').length;
      if (redirects >= run.limits.redirects) throw new SieveRuntimeError('too many redirects');
      ends(run);
      run.act({ is: 'redirect', address: to, ...run.edits });
    };
  },
};

/** Where no mail can be sent `redirect` is known, and a mistake. */
const noRedirect: CommandDefinition = {
  ...redirect,
  compile(call): Step {
    throw call.error('redirect is not possible: this server cannot send mail');
  },
};

const fileinto: CommandDefinition = {
  name: 'fileinto',
  requires: 'fileinto',
  positional: ['string'],
  tags: [
    copyTag,
    flagsTag,
    { name: ':create', requires: 'mailbox' },
    { name: ':specialuse', value: 'string', requires: 'special-use' },
    { name: ':mailboxid', value: 'string', requires: 'mailboxid' },
  ],
  compile(call) {
    if (call.has(':specialuse') && call.has(':mailboxid'))
      throw call.error(':specialuse and :mailboxid exclude each other');
    call.checkTexts(0, (name) => (name === '' ? 'a mailbox needs a name' : undefined));
    const mailbox = call.text(0);
    const flags = flagsOf(call);
    const create = call.has(':create');
    const specialUse = call.optionalText(':specialuse');
    const mailboxId = call.optionalText(':mailboxid');
    const ends = endsImplicitKeep(call);
    return (run) => {
      ends(run);
      run.act({
        is: 'fileinto',
        mailbox: mailbox(run),
        flags: flags(run),
        create,
        specialUse: specialUse?.(run),
        mailboxId: mailboxId?.(run),
        ...run.edits,
      });
    };
  },
};

/** RFC 3894 §3: with `:copy` the implicit keep stays. */
function endsImplicitKeep(call: Call): (run: Run) => void {
  if (call.has(':copy')) return () => {};
  return (run) => {
    run.hasImplicitKeep = false;
  };
}

export const baseActions: SieveExtension = { names: [], commands: [keep, discard, stop, noRedirect] };
export const redirectAction: SieveExtension = { names: [], commands: [redirect], needsOutbound: true };
export const fileintoExtension: SieveExtension = { names: ['fileinto'], commands: [fileinto] };
export const copyExtension: SieveExtension = { names: ['copy'] };
export const encodedCharacterExtension: SieveExtension = { names: ['encoded-character'] };
export const indexExtension: SieveExtension = { names: ['index'] };

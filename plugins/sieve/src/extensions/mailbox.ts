/** mailbox, mboxmetadata, servermetadata (RFC 5490), special-use (RFC 8579), mailboxid (RFC 9042): the tests; `fileinto` has the tags. */
import type { Call } from '../compiler/call.js';
import type { SieveExtension, TestDefinition } from '../compiler/extension.js';
import type { Run } from '../runtime/run.js';

type Ask<T> = (run: Run, text: string) => Promise<T>;

async function all(run: Run, texts: readonly string[], ask: Ask<boolean>): Promise<boolean> {
  for (const text of texts) {
    run.spend(10);
    if (!(await ask(run, text))) return false;
  }
  return true;
}

function allTest(name: string, requires: string, ask: Ask<boolean>): TestDefinition {
  return {
    name,
    requires,
    positional: ['strings'],
    compile(call) {
      const texts = call.texts(0);
      return (run) => all(run, texts(run), ask);
    },
  };
}

const mailboxexists = allTest('mailboxexists', 'mailbox', (run, name) => run.world.mailboxExists(name));
const mailboxidexists = allTest('mailboxidexists', 'mailboxid', (run, id) => run.world.mailboxIdExists(id));

const specialuseExists: TestDefinition = {
  name: 'specialuse_exists',
  requires: 'special-use',
  positional: ['string', 'strings'],
  optional: 1,
  compile(call) {
    const mailbox = call.argument(0) === undefined ? undefined : call.text(0);
    const uses = call.texts(1);
    return (run) => {
      run.spend(10);
      return run.world.specialUseExists(mailbox?.(run), uses(run));
    };
  },
};

/** With `ofServer` the first argument, the mailbox, is not there. */
function metadataTest(name: string, requires: string, ofServer: boolean): TestDefinition {
  return {
    name,
    requires,
    positional: ofServer ? ['string', 'strings'] : ['string', 'string', 'strings'],
    matches: 'match',
    compile(call) {
      const mailbox = mailboxOf(call, ofServer);
      const entry = call.text(ofServer ? 0 : 1);
      const keys = call.texts(ofServer ? 1 : 2);
      const matches = call.matcher();
      return async (run) => {
        run.spend(10);
        const value = await run.world.metadata(mailbox(run), entry(run));
        return value !== undefined && matches(run, [value], keys(run));
      };
    },
  };
}

function metadataExists(name: string, requires: string, ofServer: boolean): TestDefinition {
  return {
    name,
    requires,
    positional: ofServer ? ['strings'] : ['string', 'strings'],
    compile(call) {
      const mailbox = mailboxOf(call, ofServer);
      const entries = call.texts(ofServer ? 0 : 1);
      return (run) => {
        const place = mailbox(run);
        return all(
          run,
          entries(run),
          async (_run, entry) => (await run.world.metadata(place, entry)) !== undefined,
        );
      };
    },
  };
}

function mailboxOf(call: Call, ofServer: boolean): (run: Run) => string | undefined {
  return ofServer ? () => undefined : call.text(0);
}

export const mailboxExtension: SieveExtension = { names: ['mailbox'], tests: [mailboxexists] };
export const mailboxidExtension: SieveExtension = { names: ['mailboxid'], tests: [mailboxidexists] };
export const specialUseExtension: SieveExtension = { names: ['special-use'], tests: [specialuseExists] };
export const mboxmetadataExtension: SieveExtension = {
  names: ['mboxmetadata'],
  tests: [
    metadataTest('metadata', 'mboxmetadata', false),
    metadataExists('metadataexists', 'mboxmetadata', false),
  ],
};
export const servermetadataExtension: SieveExtension = {
  names: ['servermetadata'],
  tests: [
    metadataTest('servermetadata', 'servermetadata', true),
    metadataExists('servermetadataexists', 'servermetadata', true),
  ],
};

/** enotify (RFC 5435) with the method mailto (RFC 5436). */
import type { CommandDefinition, SieveExtension, TestDefinition } from '../compiler/extension.js';
import { SieveRuntimeError } from '../language/problem.js';
import { isSendable } from './addresses.js';
import { parseMailto } from './mailto.js';
import { mailboxOf } from './vacation.js';

/** Mails that one message may cause (RFC 5435 §8 wants a limit). */
const MAX_NOTIFICATIONS = 10;

const OPTION = /^[A-Za-z0-9](?:[A-Za-z0-9_.-])*=/;

function isImportance(text: string): text is '1' | '2' | '3' {
  return /^[123]$/.test(text);
}

function methodProblem(uri: string): string | undefined {
  return parseMailto(uri) === undefined ? `${JSON.stringify(uri)} is no method of notification` : undefined;
}

function mailsOf(uri: string): number {
  const { to = [], cc = [] } = parseMailto(uri) ?? {};
  return new Set([...to, ...cc]).size;
}

const notify: CommandDefinition = {
  name: 'notify',
  requires: 'enotify',
  positional: ['string'],
  tags: [
    { name: ':from', value: 'string' },
    { name: ':importance', value: 'string' },
    { name: ':options', value: 'strings' },
    { name: ':message', value: 'string' },
  ],
  compile(call) {
    call.checkTexts(0, methodProblem);
    call.checkTexts(':importance', (text) =>
      isImportance(text) ? undefined : 'the importance is "1", "2" or "3"',
    );
    call.checkTexts(':options', (text) =>
      OPTION.test(text) ? undefined : `${JSON.stringify(text)} is no option`,
    );
    const method = call.text(0);
    const from = call.optionalText(':from');
    const importance = call.optionalText(':importance');
    const message = call.optionalText(':message');
    return (run) => {
      const uri = method(run);
      const problem = methodProblem(uri);
      if (problem !== undefined) throw new SieveRuntimeError(problem);
      const before = run.actions.reduce(
        (sum, action) => sum + (action.is === 'notify' ? mailsOf(action.method) : 0),
        0,
      );
      if (before + mailsOf(uri) > MAX_NOTIFICATIONS) throw new SieveRuntimeError('too many notifications');
      const sender = from?.(run);
      const level = importance?.(run) ?? '2';
      run.act({
        is: 'notify',
        method: uri,
        // RFC 5435 §3.3: what is no address is passed over.
        from: sender !== undefined && isSendable(mailboxOf(sender)) ? sender : undefined,
        importance: isImportance(level) ? level : '2',
        message: message?.(run),
        ...run.edits,
      });
    };
  },
};

const validNotifyMethod: TestDefinition = {
  name: 'valid_notify_method',
  requires: 'enotify',
  positional: ['strings'],
  compile(call) {
    const uris = call.texts(0);
    return (run) => uris(run).every((uri) => methodProblem(uri) === undefined);
  },
};

/** RFC 5435 §5: "online" of a mailbox is not known (RFC 5436 §2.2); other capabilities nobody has. */
const notifyMethodCapability: TestDefinition = {
  name: 'notify_method_capability',
  requires: 'enotify',
  positional: ['string', 'string', 'strings'],
  matches: 'match',
  compile(call) {
    const uri = call.text(0);
    const capability = call.text(1);
    const keys = call.texts(2);
    const matches = call.matcher();
    return (run) => {
      const isKnown = methodProblem(uri(run)) === undefined && capability(run).toLowerCase() === 'online';
      return isKnown && matches(run, ['maybe'], keys(run));
    };
  },
};

export const enotifyExtension: SieveExtension = {
  names: ['enotify'],
  commands: [notify],
  tests: [validNotifyMethod, notifyMethodCapability],
  needsOutbound: true,
};

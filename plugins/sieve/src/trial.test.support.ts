/** Scripts run over messages in tests, without a server. */
import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { type StagedMessage, SummaryView, summarise } from '@angarium/sdk';
import { compileScript } from './compiler/compiler.js';
import { createLanguage } from './extensions/index.js';
import { testResultExtensions } from './extensions/test-results.js';
import { SieveMessage } from './runtime/message.js';
import { Run } from './runtime/run.js';
import type { World } from './runtime/world.js';

export const language = createLanguage(
  true,
  [],
  testResultExtensions(
    { header: 'X-Spam-Status', pattern: 'score=(-?[0-9.]+)', as: 'number', max: 10 },
    { header: 'X-Virus', pattern: '[a-z]+', values: { Clean: 1, Infected: 5 } },
  ),
);

export const plainMessage = [
  'From: "Coyote, Wile E." <coyote@desert.example.org>',
  'To: roadrunner@acme.example.com',
  'Cc: Bugs <bugs+carrots@acme.example.com>',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= I have a present for you',
  'Date: Tue, 1 Apr 1997 09:06:31 -0800 (PST)',
  'Message-ID: <1@desert.example.org>',
  'X-Number: 42',
  '',
  "Look, I'm sorry about the whole anvil thing.",
  '',
].join('\r\n');

/** In memory. */
export function staged(text: string): StagedMessage {
  const bytes = Buffer.from(text, 'utf8');
  const guid = Buffer.alloc(32);
  const summary = new SummaryView(summarise(bytes, { guid, internalDateMs: 0, saveDateMs: 0 }));
  return {
    guid,
    size: bytes.length,
    summary,
    read: async (from, to) => bytes.subarray(from, to),
    [Symbol.asyncDispose]: async () => {},
  };
}

export interface TrialOptions {
  readonly message?: string;
  readonly world?: Partial<World>;
  readonly steps?: number;
}

/** @throws what the run throws; the script must compile. */
export async function trial(
  script: string,
  { message = plainMessage, world = {}, steps = 200_000 }: TrialOptions = {},
) {
  const { program, problems } = compileScript(Buffer.from(script, 'utf8'), language);
  assert.ok(program, JSON.stringify(problems));
  const run = new Run(
    {
      message: await SieveMessage.open(staged(message), 100_000),
      addedFields: [],
      sender: 'coyote@desert.example.org',
      recipient: 'roadrunner+meep@acme.example.com',
      detailSeparators: '+',
      nowMs: Date.UTC(2026, 10, 24, 9, 58, 7),
      zoneMinutes: 60,
      environment: (item) => (item === 'phase' ? 'during' : undefined),
      mailboxExists: async (name) => name === 'INBOX.there',
      specialUseExists: async (_mailbox, uses) => uses.every((use) => use === '\\Junk'),
      mailboxIdExists: async (id) => id === 'F1',
      metadata: async (_mailbox, entry) => (entry === '/private/comment' ? 'a note' : undefined),
      wasSeen: async () => false,
      program: async () => undefined,
      ...world,
    },
    { steps, redirects: 4 },
  );
  await program.run(run);
  return run;
}

/** Is this test true of the message? With all that may be required. */
export async function holds(test: string, options: TrialOptions = {}): Promise<boolean> {
  const run = await trial(`${requireAll} if ${test} { discard; } else { keep; }`, options);
  return run.actions[0]?.is === 'discard';
}

export const requireAll = `require [${[...language.capabilities].map((name) => `"${name}"`).join(', ')}];`;

/** Ended with an error where the time grows with the square of the input: a hundred times what it takes on a busy machine. */
export function inReason<T>(work: () => T): T {
  return runInNewContext('work()', { work }, { timeout: 30_000 }) as T;
}

/** What the compiler says is wrong. */
export function problemsOf(script: string): readonly string[] {
  return compileScript(Buffer.from(script, 'utf8'), language).problems.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  );
}

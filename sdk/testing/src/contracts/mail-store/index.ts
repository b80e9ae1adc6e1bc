/**
 * What every MailStore must do, as tests. A provider's test calls `mailStoreContract(name, factory)`; what it cannot do
 * by nature is left out with a reason.
 */
import { describe, test } from 'node:test';
import { annotationTests } from './annotations.js';
import { appendTests } from './append.js';
import { catalogueTests } from './catalogue.js';
import { deletionTests } from './deletion.js';
import { expungeTests } from './expunge.js';
import { feedTests } from './feed.js';
import { flagTests } from './flags.js';
import { keywordTests } from './keywords.js';
import { metadataTests } from './metadata.js';
import { quotaTests } from './quota.js';
import { readingTests } from './reading.js';
import { recordTests } from './records.js';
import { renameTests } from './rename.js';
import { snapshotTests } from './snapshots.js';
import { stagingTests } from './staging.js';
import { transferTests } from './transfer.js';
import type { Check, MailStoreContractOptions, StoreUnderTest } from './under-test.js';
import { viewerTests } from './viewers.js';

export { fill, flagSet, mailText, numbered, rowsOf, stage } from './fixtures.js';
export type { MailStoreContractOptions, StoreUnderTest } from './under-test.js';

const subjects: readonly (readonly [title: string, declare: (check: Check) => void])[] = [
  ['catalogue', catalogueTests],
  ['rename', renameTests],
  ['deletion', deletionTests],
  ['subscriptions and metadata', metadataTests],
  ['staging', stagingTests],
  ['append', appendTests],
  ['snapshots', snapshotTests],
  ['flags', flagTests],
  ['keywords', keywordTests],
  ['annotations', annotationTests],
  ['expunge', expungeTests],
  ['copy and move', transferTests],
  ['viewers', viewerTests],
  ['reading', readingTests],
  ['quota', quotaTests],
  ['records', recordTests],
  ['change feed', feedTests],
];

/** Runs the suite. */
export function mailStoreContract(
  name: string,
  factory: () => Promise<StoreUnderTest>,
  options: MailStoreContractOptions = {},
): void {
  const check: Check = (title, run) => {
    const reason = options.except?.[title];
    test(reason === undefined ? title : `${title} (left out: ${reason})`, async () => {
      if (reason !== undefined) return;
      await using context = await factory();
      await run(context);
    });
  };
  describe(`MailStore contract: ${name}`, () => {
    for (const [title, declare] of subjects) describe(title, () => declare(check));
  });
}

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { flattenAddresses, parseAddressList } from './addresses.js';
import { assertSound } from './arbitraries.test.js';
import { body, bodyStructure } from './body-structure.js';
import { decodeWords } from './encoded-words.js';
import { envelope } from './envelope.js';
import { header } from './headers.js';
import { parse } from './parse.js';
import { sectionsOf } from './sections.js';
import { summarise } from './summary-encode.js';
import { SummaryView } from './summary-view.js';
import { decodeTransfer } from './transfer.js';

/** ../shared/corpus beside the repository, or where ANGARIUM_CORPUS says. */
function corpusFolder(): string | undefined {
  const { ANGARIUM_CORPUS } = process.env;
  if (ANGARIUM_CORPUS !== undefined) return ANGARIUM_CORPUS;
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (!existsSync(manifest)) continue;
    if ((JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name !== 'angarium') continue;
    const corpus = join(folder, '..', 'shared', 'corpus');
    return existsSync(corpus) ? corpus : undefined;
  }
  return undefined;
}

const folder = corpusFolder();
const files =
  folder === undefined
    ? []
    : readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(eml|mbox)$/.test(name))
        .sort();

function read(name: string): Buffer {
  return readFileSync(join(folder ?? '', name));
}

/** What is compared with other parsers: subject, addresses of From, names of leaf parts that have one. */
interface Facts {
  readonly subject: string;
  readonly from: readonly string[];
}

function ours(bytes: Buffer): Facts {
  const from = header(bytes, 'from');
  return {
    subject: squeezed(decodeWords(header(bytes, 'subject') ?? '')),
    from: flattenAddresses(parseAddressList(from ?? '')).map(({ mailbox, host }) => address(mailbox, host)),
  };
}

function address(mailbox: string, host: string): string {
  return decodeWords(host === '' ? mailbox : `${mailbox}@${host}`).toLowerCase();
}

/** The others fold blanks. */
function squeezed(text: string): string {
  return text.replace(/[\s\ufffd]+/g, ' ').trim();
}

async function postalMime(bytes: Buffer): Promise<Facts> {
  const mail = await PostalMime.parse(bytes);
  const from = mail.from === undefined ? [] : [mail.from];
  return {
    subject: squeezed(mail.subject ?? ''),
    from: from.flatMap((entry) => entry.group ?? [entry]).map((entry) => (entry.address ?? '').toLowerCase()),
  };
}

async function mailparser(bytes: Buffer): Promise<Facts> {
  const mail = await simpleParser(bytes, { skipHtmlToText: true, skipTextToHtml: true });
  const from = mail.from?.value ?? [];
  return {
    subject: squeezed(mail.subject ?? ''),
    from: from.flatMap((entry) => entry.group ?? [entry]).map((entry) => (entry.address ?? '').toLowerCase()),
  };
}

describe('sample mail', { skip: files.length === 0 ? 'no corpus here' : false }, () => {
  test('every file has a sound structure and a faithful summary', () => {
    assert.ok(files.length > 300);
    const extra = { guid: Buffer.alloc(32), internalDateMs: 0, saveDateMs: 0 };
    for (const name of files) {
      const bytes = read(name);
      const structure = parse(bytes);
      assertSound(structure, bytes);
      const summary = new SummaryView(summarise(bytes, extra));
      if (summary.envelope() !== undefined)
        assert.equal(summary.envelope(), envelope(bytes, structure.root), name);
      assert.equal(summary.bodyStructure(), bodyStructure(bytes, structure), name);
      assert.equal(summary.body(), body(bytes, structure), name);
      assert.deepEqual([...summary.sections()], [...sectionsOf(structure)], name);
      for (const { bodyOffset, bodyLength, encoding } of sectionsOf(structure)) {
        decodeTransfer(bytes.subarray(bodyOffset, bodyOffset + bodyLength), encoding);
      }
    }
  });

  test('subject and From agree with postal-mime or mailparser', async () => {
    const odd: string[] = [];
    for (const name of files) {
      if (name.endsWith('.mbox')) continue;
      const bytes = read(name);
      const mine = JSON.stringify(ours(bytes));
      if (mine === JSON.stringify(await postalMime(bytes))) continue;
      if (mine !== JSON.stringify(await mailparser(bytes))) odd.push(name);
    }
    assert.deepEqual(odd, []);
  });
});

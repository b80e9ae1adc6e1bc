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
import type { MessagePart } from './types.js';

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

/** What is compared with other parsers. */
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

/**
 * Where both other parsers answer differently, and why ours is right. What is left undecoded by them is
 * U+FFFD or the octets' names.
 */
const RAW_8BIT = 'raw 8-bit octets: windows-1252 here, U+FFFD there';
const SEVEN_BIT_CHARSET = 'the charset is decoded here, left as it is there';
const STRAY_BRACKET = '`test1@local>`: the bracket is no part of the address';
const NO_HOST = 'a word without @ is a local mailbox here, a name there';
const EXPECTED_FACTS: Readonly<Record<string, string>> = {
  'cyrus/headers-koi8r.eml': RAW_8BIT,
  'cyrus/simple.eml': STRAY_BRACKET,
  'cyrus/unicodefdfx.eml': STRAY_BRACKET,
  'cyrus/utf8-base64-replacement.eml': STRAY_BRACKET,
  'flufl-bounce/sina_01.eml': RAW_8BIT,
  'mail-parser-legacy/001.eml': SEVEN_BIT_CHARSET,
  'mail-parser-legacy/005.eml': SEVEN_BIT_CHARSET,
  'mail-parser-legacy/009.eml': RAW_8BIT,
  'mail-parser-legacy/010.eml': RAW_8BIT,
  'mail-parser-legacy/015.eml': RAW_8BIT,
  'mail-parser-legacy/016.eml': RAW_8BIT,
  'mail-parser-legacy/018.eml': RAW_8BIT,
  'mail-parser-legacy/020.eml': RAW_8BIT,
  'mail-parser-legacy/025.eml': RAW_8BIT,
  'mail-parser-legacy/026.eml': RAW_8BIT,
  'mail-parser-legacy/051.eml': RAW_8BIT,
  'mail-parser-rfc/001.eml': NO_HOST,
  'mail-parser-rfc/004.eml': NO_HOST,
  'made/hz-gb-2312.eml': SEVEN_BIT_CHARSET,
  'made/invalid-utf8.eml': RAW_8BIT,
  'made/raw-8bit-big5.eml': RAW_8BIT,
  'made/raw-8bit-koi8-u.eml': RAW_8BIT,
  'made/raw-8bit-shift_jis.eml': RAW_8BIT,
  'made/raw-8bit-windows-1250.eml': RAW_8BIT,
  'made/utf-7.eml': SEVEN_BIT_CHARSET,
};

/** Of the number of leaves that are not plain or HTML text. */
const UNREADABLE_TYPE = 'an unreadable Content-Type is text/plain here (RFC 2045 §5.2), an attachment there';
const EXPECTED_LEAVES: Readonly<Record<string, string>> = {
  'james/multipart-binary.eml': 'boundary=\\"..\\": the parts are found here, the body is one text there',
  'made/content-type-02.eml': UNREADABLE_TYPE,
  'made/content-type-04.eml': 'a forgotten semicolon before charset= is forgiven here',
  'made/content-type-07.eml': 'blanks around the slash are forgiven here',
  'made/nested-multipart-120.eml': 'the level where depth ends is an opaque part here',
  'mail-parser-malformed/017.eml': 'a forgotten semicolon before boundary= is forgiven here',
  'mimekit/missing-subtype.eml': UNREADABLE_TYPE,
  'python/msg_14.eml': UNREADABLE_TYPE,
};

/** Leaves, an embedded message being one, that are not text to be shown. */
function attachments(part: MessagePart): number {
  if (part.kind === 'multipart') return part.children.reduce((sum, child) => sum + attachments(child), 0);
  const text = part.type === 'text' && (part.subtype === 'plain' || part.subtype === 'html');
  return part.kind === 'leaf' && text && part.disposition?.type !== 'attachment' ? 0 : 1;
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
    assert.deepEqual(odd, Object.keys(EXPECTED_FACTS).sort());
  });

  test('the number of parts agrees with postal-mime or mailparser', async () => {
    const odd: string[] = [];
    for (const name of files) {
      if (name.endsWith('.mbox')) continue;
      const bytes = read(name);
      const mine = attachments(parse(bytes).root);
      const options = { skipHtmlToText: true, skipTextToHtml: true };
      if (mine === (await simpleParser(bytes, options)).attachments.length) continue;
      const other = await PostalMime.parse(bytes, { forceRfc822Attachments: true });
      if (mine !== other.attachments.length) odd.push(name);
    }
    assert.deepEqual(odd, Object.keys(EXPECTED_LEAVES).sort());
  });
});

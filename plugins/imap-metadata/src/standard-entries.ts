/** Entries of RFC 5464 §3.2.1 and of Cyrus: what a mailbox is set to, and what it is. */
import {
  CYRUS_ENTRIES,
  type MailboxStatus,
  MailError,
  type MetadataCall,
  type MetadataEntry,
  mailboxSetting,
  mailboxSettingKey,
} from '@angarium/sdk';

type Check = (value: string) => boolean;

const isBoolean: Check = (value) => value === 'true' || value === 'false';
/** `7`, `1d12h`: days, or a duration in Cyrus's words. */
const isDuration: Check = (value) => /^(\d{1,9}|(\d{1,9}[wdhms])+)$/i.test(value);
const isMailAddress: Check = (value) => /^[^\s@]+@[^\s@]+$/.test(value) && value.length <= 320;
const isScriptName: Check = (value) => value !== '' && value.length <= 256 && !/[\x00-\x1f/]/.test(value);
/** `12-Jul-2026 10:00:00 +0200`, or seconds since 1970. */
const isTime: Check = (value) =>
  /^\d{1,12}$/.test(value) ||
  /^[ \d]\d-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{4}( \d\d:\d\d:\d\d [+-]\d{4})?$/i.test(
    value,
  );
const isNumber: Check = (value) => /^\d{1,9}$/.test(value);

interface Setting {
  readonly check: Check;
  /** What holds when nobody has set it. */
  readonly otherwise?: string;
}

/** What operators set, and who looks at it: expire, archive, delete (expiry), squat (indexing), sieve, news2mail … */
const settings: Readonly<Record<string, Setting>> = {
  archive: { check: isDuration },
  delete: { check: isDuration },
  duplicatedeliver: { check: isBoolean, otherwise: 'false' },
  expire: { check: isDuration },
  news2mail: { check: isMailAddress },
  pop3newuidl: { check: isBoolean, otherwise: 'true' },
  pop3showafter: { check: isTime },
  'search-fuzzy-always': { check: isBoolean },
  sieve: { check: isScriptName },
  sortorder: { check: isNumber },
  squat: { check: isBoolean },
};

function settingEntry(word: string, { check, otherwise }: Setting): MetadataEntry {
  return {
    name: `${CYRUS_ENTRIES}${word}`,
    of: 'mailbox',
    writers: 'administrators',
    read: ({ mailbox }) => mailbox && (mailboxSetting(mailbox, word) ?? otherwise),
    check(value) {
      if (value !== undefined && !check(value)) throw new MailError('CANNOT', 'Invalid annotation value');
    },
    async write(value, { mailbox, store, origin }) {
      if (mailbox === undefined) return;
      await store.catalogue.change(mailbox.id, { attributes: { [mailboxSettingKey(word)]: value } }, origin);
    },
  };
}

const sharedSeen: MetadataEntry = {
  name: `${CYRUS_ENTRIES}sharedseen`,
  of: 'mailbox',
  writers: 'administrators',
  read: ({ mailbox }) => mailbox && `${mailbox.sharedSeen}`,
  check(value) {
    if (value !== undefined && !isBoolean(value)) throw new MailError('CANNOT', 'Invalid annotation value');
  },
  async write(value, { mailbox, store, origin }) {
    if (mailbox) await store.catalogue.change(mailbox.id, { sharedSeen: value === 'true' }, origin);
  },
};

type Fact = (call: MetadataCall) => string | undefined | Promise<string | undefined>;

async function statusOf({ mailbox, store }: MetadataCall): Promise<MailboxStatus | undefined> {
  return mailbox && (await store.status([mailbox.id]))[0];
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `24-Nov-2026 06:11:18 +0000`, as Cyrus has it. */
function dateText(ms: number): string {
  const date = new Date(ms);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${String(date.getUTCDate()).padStart(2, ' ')}-${months[date.getUTCMonth()]}-${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** What a mailbox is; nobody sets it. */
const facts: Readonly<Record<string, Fact>> = {
  foldermodseq: async (call) => (await statusOf(call))?.highestModSeq.toString(),
  lastpop: ({ mailbox }) => mailbox && mailboxSetting(mailbox, 'lastpop'),
  lastupdate: async (call) => {
    const status = await statusOf(call);
    return status && dateText(status.lastAppendMs || (call.mailbox?.createdMs ?? 0));
  },
  partition: ({ mailbox }) => mailbox?.partition,
  size: async (call) => (await statusOf(call))?.bytes.toString(),
  uniqueid: ({ mailbox }) => mailbox?.id,
};

/** What is kept as it comes, for whoever it means something to. */
function note(
  name: string,
  of: MetadataEntry['of'],
  writers: MetadataEntry['writers'] = 'users',
): MetadataEntry {
  return { name, of, writers };
}

export function standardEntries(admin: string | undefined): readonly MetadataEntry[] {
  return [
    note('/shared/comment', 'mailbox'),
    note('/private/comment', 'mailbox'),
    note('/shared/comment', 'server', 'administrators'),
    { name: '/shared/admin', of: 'server', writers: 'nobody', read: () => admin },
    ...Object.entries(settings).map(([word, setting]) => settingEntry(word, setting)),
    sharedSeen,
    ...Object.entries(facts).map(
      ([word, read]): MetadataEntry => ({
        name: `${CYRUS_ENTRIES}${word}`,
        of: 'mailbox',
        writers: 'nobody',
        read,
      }),
    ),
    ...['expire', 'squat'].map((word): MetadataEntry => {
      const { check } = settings[word]!;
      return {
        name: `${CYRUS_ENTRIES}${word}`,
        of: 'server',
        writers: 'administrators',
        check(value) {
          if (value !== undefined && !check(value)) throw new MailError('CANNOT', 'Invalid annotation value');
        },
      };
    }),
  ];
}

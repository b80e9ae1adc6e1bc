/**
 * Application passwords. They are made here and too long to be guessed (100 bits), so a keyed digest is as good as a slow
 * hash, and a login with one costs microseconds.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type AppPassword, type Clock, MailError, type UserId } from '@angarium/sdk';
import type Database from 'better-sqlite3';

export const MAX_APP_PASSWORDS = 100;
const MAX_LABEL_LENGTH = 100;
const LETTERS = 20;
/** RFC 4648 §6 in small letters: nothing that looks like something else. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const form = new RegExp(`^[${alphabet}]{${LETTERS}}$`);
/** `last_used` is written this often at most. */
const USED_STEP_MS = 3600_000;

export const appPasswordLayout = `
  CREATE TABLE app_password (
    user TEXT NOT NULL, id TEXT NOT NULL, label TEXT NOT NULL, services TEXT NOT NULL, created INTEGER NOT NULL,
    expires INTEGER, last_used INTEGER, digest BLOB NOT NULL, PRIMARY KEY (user, id)
  ) WITHOUT ROWID, STRICT;
  INSERT INTO server_key VALUES ('app-passwords', randomblob(32));
`;

interface Row {
  readonly user: string;
  readonly id: string;
  readonly label: string;
  readonly services: string;
  readonly created: number;
  readonly expires: number | null;
  readonly last_used: number | null;
  readonly digest: Buffer;
}

/** What an application password says to a login. */
export type AppPasswordVerdict = 'right' | 'expired' | 'other-service' | 'none';

export class AppPasswordTable {
  private readonly ofUser: Database.Statement<[string], Row>;

  constructor(
    private readonly db: Database.Database,
    private readonly key: Buffer,
    private readonly clock: Clock,
  ) {
    this.ofUser = db.prepare('SELECT * FROM app_password WHERE user = ? ORDER BY created, id');
  }

  /** @throws MailError LIMIT, CANNOT. The caller has seen to it that the user exists. */
  add(
    user: UserId,
    options: { readonly label: string; readonly services?: readonly string[]; readonly expiresMs?: number },
  ): { readonly appPassword: AppPassword; readonly password: string } {
    const { label, services = [], expiresMs } = options;
    if (label === '' || label.length > MAX_LABEL_LENGTH || /\p{Cc}/u.test(label)) {
      throw new MailError('CANNOT', `A label has 1 to ${MAX_LABEL_LENGTH} characters`);
    }
    if (this.ofUser.all(user).length >= MAX_APP_PASSWORDS) {
      throw new MailError('LIMIT', `${user} has ${MAX_APP_PASSWORDS} application passwords already`);
    }
    const id = randomBytes(4).toString('hex');
    const secret = Array.from(randomBytes(LETTERS), (octet) => alphabet[octet & 31]).join('');
    this.db
      .prepare('INSERT INTO app_password VALUES (?, ?, ?, ?, ?, ?, NULL, ?)')
      .run(
        user,
        id,
        label,
        JSON.stringify(services),
        this.clock.now(),
        expiresMs ?? null,
        this.digestOf(user, secret),
      );
    const appPassword = this.list(user).find((item) => item.id === id);
    if (appPassword === undefined) throw new Error('an application password has gone as soon as it was made');
    return { appPassword, password: secret.replace(/.{5}(?=.)/g, '$&-') };
  }

  list(user: UserId): readonly AppPassword[] {
    return this.ofUser.all(user).map((row) => ({
      id: row.id,
      label: row.label,
      services: JSON.parse(row.services) as string[],
      createdMs: row.created,
      expiresMs: row.expires ?? undefined,
      lastUsedMs: row.last_used ?? undefined,
    }));
  }

  /** @throws MailError NONEXISTENT */
  remove(user: UserId, id: string): void {
    const { changes } = this.db.prepare('DELETE FROM app_password WHERE user = ? AND id = ?').run(user, id);
    if (changes === 0) throw new MailError('NONEXISTENT', `${user} has no application password ${id}`);
  }

  removeAll(user: UserId): void {
    this.db.prepare('DELETE FROM app_password WHERE user = ?').run(user);
  }

  /** Blanks and hyphens between the letters do not matter. Every one of the user's is compared, in constant time. */
  check(user: UserId, typed: string, service: string): AppPasswordVerdict {
    const secret = typed.length > 4 * LETTERS ? '' : typed.replace(/[\s-]/g, '').toLowerCase();
    if (!form.test(secret)) return 'none';
    const digest = this.digestOf(user, secret);
    const row = this.ofUser
      .all(user)
      .filter((candidate) => candidate.digest.length === digest.length)
      .find((candidate) => timingSafeEqual(candidate.digest, digest));
    if (row === undefined) return 'none';
    const nowMs = this.clock.now();
    if (row.expires !== null && row.expires <= nowMs) return 'expired';
    const services = JSON.parse(row.services) as string[];
    if (services.length > 0 && !services.includes(service)) return 'other-service';
    this.touch(row, nowMs);
    return 'right';
  }

  private touch({ user, id, last_used: lastUsed }: Row, nowMs: number): void {
    if (lastUsed !== null && nowMs - lastUsed < USED_STEP_MS) return;
    this.db.prepare('UPDATE app_password SET last_used = ? WHERE user = ? AND id = ?').run(nowMs, user, id);
  }

  private digestOf(user: UserId, secret: string): Buffer {
    return createHmac('sha256', this.key).update(`${user}\0${secret}`).digest();
  }
}

/** Which devices want to be told of which mailboxes: in the user's records, the newest MAX_DEVICES of them. */
import type { MailboxId, RecordSpace, UserId } from '@angarium/sdk';

const MAX_DEVICES = 32;
/** Devices register at each connection; one that has not for so long is gone. */
const KEPT_MS = 31 * 86_400_000;

export interface Registration {
  readonly accountId: string;
  /** Lower case hexadecimal digits. */
  readonly deviceToken: string;
  /** Mailboxes, with the MD5 of the name that the client has for each. */
  readonly mailboxes: Readonly<Record<MailboxId, string>>;
  readonly registeredMs: number;
}

function keyOf({ accountId, deviceToken }: Pick<Registration, 'accountId' | 'deviceToken'>): string {
  return `${deviceToken} ${accountId}`;
}

export class Registrations {
  constructor(private readonly records: RecordSpace) {}

  async of(user: UserId): Promise<readonly Registration[]> {
    const rows = await this.records.list(user);
    return rows.map(({ value }) => JSON.parse(Buffer.from(value).toString('utf8')) as Registration);
  }

  async put(user: UserId, registration: Registration): Promise<void> {
    const key = keyOf(registration);
    const others = (await this.of(user)).filter((other) => keyOf(other) !== key);
    const tooOld = others
      .sort((a, b) => b.registeredMs - a.registeredMs)
      .slice(MAX_DEVICES - 1)
      .map((other) => ({ key: keyOf(other), value: undefined }));
    const value = Buffer.from(JSON.stringify(registration));
    const expiresMs = registration.registeredMs + KEPT_MS;
    await this.records.write(user, [{ key, value, expiresMs }, ...tooOld]);
  }

  async remove(user: UserId, registration: Registration): Promise<void> {
    await this.records.write(user, [{ key: keyOf(registration), value: undefined }]);
  }
}

/**
 * Where scripts are: records of the user. One of them, the state, says which is active and is written with every change
 * (compare-and-set), so that limits and the active script hold among workers.
 */
import { MailError, type RecordChange, type RecordSpace, type UserId } from '@angarium/sdk';

const STATE = 'state';
const SCRIPT = 'script ';
const MAX_TRIES = 20;

/** Which script runs; `hash` is that of its octets. */
export interface ActiveScript {
  readonly name: string;
  readonly hash: string;
}

interface State {
  readonly active?: ActiveScript | undefined;
  readonly revision: number;
}

/** A user's scripts at one moment. */
export interface Shelf {
  readonly active: ActiveScript | undefined;
  readonly scripts: ReadonlyMap<string, Uint8Array>;
}

/** What is to become of them; undefined as a value deletes, an absent `active` keeps. */
export interface ShelfChange {
  readonly scripts?: ReadonlyMap<string, Uint8Array | undefined>;
  readonly active?: { readonly is: ActiveScript | undefined };
}

export class ScriptRecords {
  constructor(
    private readonly space: RecordSpace,
    /** More are never there. */
    private readonly maxScripts: number,
  ) {}

  async active(user: UserId): Promise<ActiveScript | undefined> {
    const octets = await this.space.get(user, STATE);
    return octets === undefined ? undefined : stateOf(octets).active;
  }

  async script(user: UserId, name: string): Promise<Uint8Array | undefined> {
    return this.space.get(user, SCRIPT + name);
  }

  async shelf(user: UserId): Promise<Shelf> {
    const active = await this.active(user);
    return { active, scripts: await this.scripts(user) };
  }

  /** @param decide what to do with what is there; it may be asked again. Throws what it throws. */
  async change(user: UserId, decide: (shelf: Shelf) => ShelfChange): Promise<void> {
    for (let i = 0; i < MAX_TRIES; i++) {
      const before = await this.space.get(user, STATE);
      const state: State = before === undefined ? { revision: 0 } : stateOf(before);
      const { scripts, active } = decide({ active: state.active, scripts: await this.scripts(user) });
      const next: State = {
        active: active === undefined ? state.active : active.is,
        revision: state.revision + 1,
      };
      const changes: RecordChange[] = [
        { key: STATE, value: Buffer.from(JSON.stringify(next)), expect: before ?? 'absent' },
        ...[...(scripts ?? [])].map(([name, value]) => ({ key: SCRIPT + name, value })),
      ];
      if (await this.space.write(user, changes)) return;
    }
    throw new MailError('INUSE', 'The scripts are being changed by somebody else');
  }

  private async scripts(user: UserId): Promise<ReadonlyMap<string, Uint8Array>> {
    const rows = await this.space.list(user, { prefix: SCRIPT, limit: this.maxScripts + 1000 });
    return new Map(rows.map(({ key, value }) => [key.slice(SCRIPT.length), value]));
  }
}

function stateOf(octets: Uint8Array): State {
  return JSON.parse(Buffer.from(octets).toString('utf8')) as State;
}

/** What the suite is given, and how its files declare tests. */
import type { ChangeFeed, MailStore, Records } from '@angarium/sdk';

/** A fresh, empty store. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: MailStore;
  readonly feed: ChangeFeed;
  readonly records: Records;
  /** The store's clock. */
  now(): number;
  advance(byMs: number): void | Promise<void>;
}

/** What a provider can leave out. */
export interface MailStoreContractOptions {
  /** Test names that do not apply → why. */
  readonly except?: Readonly<Record<string, string>>;
}

/** Declares a test that gets a store of its own. */
export type Check = (title: string, run: (context: StoreUnderTest) => Promise<void>) => void;

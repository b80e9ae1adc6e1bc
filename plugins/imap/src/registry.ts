/**
 * What this server's IMAP consists of: the built-in features and those of other plugins, by name.
 * Two extensions that declare the same name are an error of ours, told at start.
 */
import {
  type Capability,
  type CommandGuard,
  type CommandParameter,
  disposable,
  type EnableFeature,
  type FetchItem,
  type ImapCommand,
  type ImapExtension,
  type ImapExtensions,
  type ListOption,
  type ReturnOption,
  type SearchKey,
  type SortKey,
  type StatusItem,
  type StoreItem,
  type UpdateFilter,
} from '@angarium/sdk';

interface Owned<T> {
  readonly item: T;
  readonly owner: string;
}

/** Items of one kind by upper-case name. */
class Table<T> {
  private readonly items = new Map<string, Owned<T>>();

  constructor(private readonly kind: string) {}

  get(name: string): T | undefined {
    return this.items.get(name)?.item;
  }

  values(): T[] {
    return [...this.items.values()].map(({ item }) => item);
  }

  check(name: string, owner: string): void {
    const there = this.items.get(name);
    if (there) throw new Error(`${owner}: the ${this.kind} ${name} is declared by ${there.owner} already`);
  }

  set(name: string, item: T, owner: string): void {
    this.items.set(name, { item, owner });
  }

  remove(name: string): void {
    this.items.delete(name);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: each command's argument type is its own
export type AnyCommand = ImapCommand<any>;

/** Names are upper case throughout. */
export interface Features {
  readonly extensions: readonly ImapExtension[];
  readonly capabilities: readonly Capability[];
  readonly updateFilters: readonly UpdateFilter[];
  readonly guards: readonly CommandGuard[];
  /** Lower case, without English. */
  readonly languages: readonly string[];
  /** Of an English text; undefined where it has not been translated. */
  translation(language: string, text: string): string | undefined;
  command(name: string): AnyCommand | undefined;
  fetchItem(name: string): FetchItem | undefined;
  searchKey(name: string): SearchKey | undefined;
  returnOption(name: string): ReturnOption | undefined;
  statusItem(name: string): StatusItem | undefined;
  storeItem(name: string): StoreItem | undefined;
  listOption(place: ListOption['place'], name: string): ListOption | undefined;
  parameter(command: CommandParameter['command'], name: string): CommandParameter | undefined;
  enableFeature(name: string): EnableFeature | undefined;
}

export class ExtensionRegistry implements ImapExtensions, Features {
  extensions: readonly ImapExtension[] = [];
  capabilities: readonly Capability[] = [];
  updateFilters: readonly UpdateFilter[] = [];
  guards: readonly CommandGuard[] = [];
  private translations: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map();
  private readonly tables = {
    command: new Table<AnyCommand>('command'),
    fetchItem: new Table<FetchItem>('FETCH item'),
    searchKey: new Table<SearchKey>('SEARCH key'),
    returnOption: new Table<ReturnOption>('RETURN option'),
    statusItem: new Table<StatusItem>('STATUS item'),
    storeItem: new Table<StoreItem>('STORE item'),
    listOption: new Table<ListOption>('LIST option'),
    sortKey: new Table<SortKey>('SORT key'),
    parameter: new Table<CommandParameter>('parameter'),
    enable: new Table<EnableFeature>('ENABLE feature'),
  };

  /** @throws Error when a name is taken; nothing has been added then. */
  add(extension: ImapExtension): Disposable {
    const entries = this.entriesOf(extension);
    for (const [at, { table, name }] of entries.entries()) {
      table.check(name, extension.name);
      const first = entries.findIndex((other) => other.table === table && other.name === name);
      if (first !== at) throw new Error(`${extension.name} declares ${name} twice`);
    }
    for (const { table, name, item } of entries) table.set(name, item, extension.name);
    this.change([...this.extensions, extension]);
    return disposable(() => {
      for (const { table, name } of entries) table.remove(name);
      this.change(this.extensions.filter((other) => other !== extension));
    });
  }

  command(name: string): AnyCommand | undefined {
    return this.tables.command.get(name);
  }

  fetchItem(name: string): FetchItem | undefined {
    return this.tables.fetchItem.get(name);
  }

  searchKey(name: string): SearchKey | undefined {
    return this.tables.searchKey.get(name);
  }

  returnOption(name: string): ReturnOption | undefined {
    return this.tables.returnOption.get(name);
  }

  statusItem(name: string): StatusItem | undefined {
    return this.tables.statusItem.get(name);
  }

  storeItem(name: string): StoreItem | undefined {
    return this.tables.storeItem.get(name);
  }

  listOption(place: ListOption['place'], name: string): ListOption | undefined {
    return this.tables.listOption.get(`${place} ${name}`.toUpperCase());
  }

  parameter(command: CommandParameter['command'], name: string): CommandParameter | undefined {
    return this.tables.parameter.get(`${command} ${name}`);
  }

  enableFeature(name: string): EnableFeature | undefined {
    return this.tables.enable.get(name);
  }

  get languages(): readonly string[] {
    return [...this.translations.keys()];
  }

  translation(language: string, text: string): string | undefined {
    return this.translations.get(language)?.get(text);
  }

  private change(extensions: readonly ImapExtension[]): void {
    this.extensions = extensions;
    this.capabilities = extensions.flatMap(({ capabilities = [] }) => capabilities);
    this.updateFilters = extensions.flatMap(({ updateFilters = [] }) => updateFilters);
    this.translations = translationsOf(extensions);
    this.guards = extensions.flatMap(({ guards = [] }) => guards);
  }

  private entriesOf(extension: ImapExtension): Entry[] {
    const { tables } = this;
    const entries: Entry[] = [];
    const put = <T>(table: Table<T>, items: readonly T[] | undefined, nameOf: (item: T) => string): void => {
      for (const item of items ?? [])
        entries.push({ table: table as Table<unknown>, name: nameOf(item).toUpperCase(), item });
    };
    put(tables.command, extension.commands, ({ name }) => name);
    put(tables.fetchItem, extension.fetchItems, ({ name }) => name);
    put(tables.searchKey, extension.searchKeys, ({ name }) => name);
    put(tables.returnOption, extension.returnOptions, ({ name }) => name);
    put(tables.statusItem, extension.statusItems, ({ name }) => name);
    put(tables.storeItem, extension.storeItems, ({ name }) => name);
    put(tables.sortKey, extension.sortKeys, ({ name }) => name);
    put(tables.listOption, extension.listOptions, ({ place, name }) => `${place} ${name}`);
    put(tables.parameter, extension.parameters, ({ command, name }) => `${command} ${name}`);
    put(tables.enable, extension.enable, ({ name }) => name);
    return entries;
  }
}

function translationsOf(extensions: readonly ImapExtension[]): Map<string, Map<string, string>> {
  const all = new Map<string, Map<string, string>>();
  for (const { language, texts } of extensions.flatMap(({ translations = [] }) => translations)) {
    const tag = language.toLowerCase();
    const own = all.get(tag) ?? new Map<string, string>();
    for (const [english, text] of Object.entries(texts)) own.set(english, text);
    all.set(tag, own);
  }
  return all;
}

interface Entry {
  readonly table: Table<unknown>;
  readonly name: string;
  readonly item: unknown;
}

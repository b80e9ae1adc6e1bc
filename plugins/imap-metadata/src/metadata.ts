import {
  CHANGE_FEED,
  type ChangeFeed,
  CONFIG,
  Component,
  IMAP_EXTENSIONS,
  type ImapExtensions,
  inject,
  injectable,
  injectOptional,
  METADATA_ENTRIES,
  type MetadataEntry,
  type Registry,
} from '@angarium/sdk';
import { annotateMoreExtension } from './annotatemore.js';
import { getMetadata, setMetadata } from './commands.js';
import type { MetadataConfig } from './config.js';
import { metadataReturnOption } from './list-metadata.js';
import { MetadataStore } from './metadata-store.js';
import { standardEntries } from './standard-entries.js';
import { Unsolicited } from './unsolicited.js';

const states = ['authenticated', 'selected'] as const;

@injectable()
export class MetadataImap extends Component {
  constructor(
    @inject(CONFIG) private readonly config: MetadataConfig,
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @inject(METADATA_ENTRIES) private readonly entries: Registry<MetadataEntry>,
    @injectOptional(CHANGE_FEED) private readonly changes: ChangeFeed | undefined,
  ) {
    super();
  }

  override start(): void {
    const { config, entries } = this;
    this.own(entries.add(...standardEntries(config.admin || undefined)));
    const metadata = new MetadataStore(entries, config);
    const unsolicited = new Unsolicited();
    if (this.changes) this.own(this.changes.watchCatalogue((change) => unsolicited.changed(change)));
    this.own(
      this.extensions.add({
        name: 'METADATA',
        capabilities: [
          // Before login too: cyradm looks there and nowhere else.
          { word: 'METADATA' },
          { word: 'METADATA-SERVER' },
        ],
        commands: [getMetadata(metadata), setMetadata(metadata)],
        enable: ['METADATA', 'METADATA-SERVER'].map((name) => ({
          name,
          onEnable: (session) => unsolicited.enable(session),
        })),
      }),
    );
    this.own(
      this.extensions.add({
        name: 'LIST-METADATA',
        capabilities: [{ word: 'LIST-METADATA', states }],
        listOptions: [metadataReturnOption(metadata)],
      }),
    );
    if (config.annotatemore) this.own(this.extensions.add(annotateMoreExtension(metadata)));
  }
}

import {
  CHANGE_FEED,
  type ChangeFeed,
  CONFIG,
  Component,
  IMAP_EXTENSIONS,
  type ImapExtensions,
  type ImapSession,
  inject,
  injectable,
  injectOptional,
  Right,
} from '@angarium/sdk';
import type { AnnotateConfig } from './config.js';
import { annotationItem } from './fetch.js';
import { type Entries, parseEntries } from './grammar.js';
import { annotationKey } from './search.js';
import { annotationSort } from './sort.js';
import { annotated, storeItem } from './store.js';
import { Unsolicited } from './unsolicited.js';

@injectable()
export class AnnotateImap extends Component {
  constructor(
    @inject(CONFIG) private readonly config: AnnotateConfig,
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @injectOptional(CHANGE_FEED) private readonly changes: ChangeFeed | undefined,
  ) {
    super();
  }

  override start(): void {
    const { config, changes } = this;
    const unsolicited = new Unsolicited();
    if (changes) this.own(changes.watchAll((change) => unsolicited.changed(change)));
    this.own(
      this.extensions.add({
        name: 'ANNOTATE',
        capabilities: [{ word: 'ANNOTATE-EXPERIMENT-1', states: ['authenticated', 'selected'] }],
        fetchItems: [annotationItem],
        searchKeys: [annotationKey],
        sortKeys: [annotationSort],
        storeItems: [storeItem(config, unsolicited)],
        onSelect: (session, reply) => reply.status('OK', 'Ok', this.support(session)),
        parameters: [
          {
            command: 'SELECT',
            name: 'ANNOTATE',
            onSelect: async (session) => unsolicited.follow(session),
          },
          {
            command: 'APPEND',
            name: 'ANNOTATION',
            parse(line) {
              line.sp();
              return parseEntries(line);
            },
            onAppend: (session, mailbox, item, args) =>
              annotated(session, mailbox, item, args as Entries, config),
          },
        ],
      }),
    );
  }

  /** RFC 5257 §4.1. Whoever may read has private ones, so that nobody who may select at all finds them unchangeable. */
  private support({ selected, identity }: ImapSession): string {
    const { isReadOnly, rights } = selected;
    const canWrite = !isReadOnly && (!identity.isAnonymous || (rights & Right.annotate) !== 0);
    const level = canWrite ? `${this.config.maxValueBytes}` : 'READ-ONLY';
    return `ANNOTATIONS ${level}${identity.isAnonymous ? ' NOPRIVATE' : ''}`;
  }
}

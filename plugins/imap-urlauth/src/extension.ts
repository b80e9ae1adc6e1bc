import {
  ACCOUNTS,
  type Accounts,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  IMAP_EXTENSIONS,
  IMAP_PARTS,
  type ImapExtensions,
  type ImapParts,
  inject,
  injectable,
  NAMESPACE,
  type Namespace,
  RECORDS,
  type Records,
} from '@angarium/sdk';
import { genUrlAuth, resetKey } from './commands.js';
import { AccessKeys } from './keys.js';
import { UrlResolver } from './resolver.js';
import { urlFetch } from './urlfetch.js';

interface UrlAuthConfig {
  readonly submitters: readonly string[];
}

const states = ['authenticated', 'selected'] as const;

/** RFC 4467, RFC 5524. */
@injectable()
export class UrlAuthExtension extends Component {
  constructor(
    @inject(CONFIG) private readonly config: UrlAuthConfig,
    @inject(IMAP_EXTENSIONS) private readonly imap: ImapExtensions,
    @inject(IMAP_PARTS) private readonly parts: ImapParts,
    @inject(NAMESPACE) private readonly namespace: Namespace,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(RECORDS) private readonly records: Records,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  override start(): void {
    const { accounts, namespace, parts, clock } = this;
    const keys = new AccessKeys(this.records.space('imap-urlauth'));
    const submitters = new Set(this.config.submitters.map((name) => accounts.normalise(name)));
    const resolver = new UrlResolver({ keys, accounts, namespace, parts, clock, submitters });
    this.own(
      this.imap.add({
        name: 'URLAUTH',
        capabilities: [
          { word: 'URLAUTH', states },
          { word: 'URLAUTH=BINARY', states },
        ],
        commands: [genUrlAuth(keys, accounts), resetKey(keys), urlFetch(resolver)],
        onSelect({ identity }, reply) {
          if (!identity.isAnonymous) reply.status('OK', 'Ok', 'URLMECH INTERNAL');
        },
      }),
    );
  }
}

import {
  Component,
  IMAP_EXTENSIONS,
  IMAP_SEARCH,
  type ImapExtensions,
  type ImapSearch,
  inject,
  injectable,
} from '@angarium/sdk';
import { esearchCommand } from './command.js';

@injectable()
export class MultisearchRegistration extends Component {
  constructor(
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @inject(IMAP_SEARCH) private readonly search: ImapSearch,
  ) {
    super();
  }

  override start(): void {
    this.own(
      this.extensions.add({
        name: 'MULTISEARCH',
        capabilities: [{ word: 'MULTISEARCH', states: ['authenticated', 'selected'] }],
        commands: [esearchCommand(this.search)],
      }),
    );
  }
}

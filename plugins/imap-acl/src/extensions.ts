import {
  ACCESS_LISTS,
  type AccessLists,
  Component,
  IMAP_EXTENSIONS,
  type ImapExtension,
  type ImapExtensions,
  inject,
  injectable,
  type ListOption,
} from '@angarium/sdk';
import { aclCommands, myRightsLine } from './commands.js';

const states = ['authenticated', 'selected'] as const;

@injectable()
export class AclImap extends Component {
  constructor(
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @inject(ACCESS_LISTS) private readonly lists: AccessLists,
  ) {
    super();
  }

  override start(): void {
    const { lists } = this;
    const acl: ImapExtension = {
      name: 'ACL',
      capabilities: [
        { word: 'ACL', states },
        // Beyond RFC 2086; the digits are implied by it.
        { word: 'RIGHTS=kxten', states },
      ],
      commands: aclCommands(lists),
    };
    this.own(this.extensions.add(acl));
    const listMyRights: ImapExtension = {
      name: 'LIST-MYRIGHTS',
      capabilities: [{ word: 'LIST-MYRIGHTS', states }],
      listOptions: [myRightsOption(lists)],
    };
    this.own(this.extensions.add(listMyRights));
  }
}

/** RFC 8440 §3. */
function myRightsOption(lists: AccessLists): ListOption {
  return {
    name: 'MYRIGHTS',
    place: 'return',
    async follow({ identity }, mailboxes, _args, reply) {
      return mailboxes.map((mailbox) =>
        myRightsLine(reply.mailbox(mailbox.name), lists.held(identity, mailbox), lists),
      );
    },
  };
}

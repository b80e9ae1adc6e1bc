/** The features that come with this plugin, through the same registry as everybody else's. */
import type { Clock, ImapCommand, ImapExtension } from '@angarium/sdk';
import { appendExtension } from './commands/append.js';
import { authenticateExtension } from './commands/authenticate.js';
import { capability } from './commands/capability.js';
import { close, unselectExtension } from './commands/close.js';
import { createCommand, partitionParameter } from './commands/create.js';
import { deleteMailbox } from './commands/delete.js';
import { enableExtension } from './commands/enable.js';
import { idExtension } from './commands/id.js';
import { idleExtension } from './commands/idle.js';
import { loginExtension } from './commands/login.js';
import { logout } from './commands/logout.js';
import { namespaceExtension } from './commands/namespace.js';
import { check, noop } from './commands/noop.js';
import { rename, renameExtension } from './commands/rename.js';
import { catenateExtension, replaceExtension } from './commands/replace.js';
import { selectCommands } from './commands/select.js';
import { starttlsExtension } from './commands/starttls.js';
import { baseStatusItems, statusCommand } from './commands/status.js';
import { subscriptionCommands } from './commands/subscribe.js';
import type { ImapConfig } from './config.js';
import { appendLimitExtension } from './extensions/appendlimit.js';
import { binaryExtension } from './extensions/binary.js';
import { compressExtension } from './extensions/compress.js';
import { condstoreExtension } from './extensions/condstore.js';
import { digestExtension } from './extensions/digest.js';
import { imap4rev2Extension } from './extensions/imap4rev2/index.js';
import { listExtendedExtension } from './extensions/list-extended/index.js';
import { listStatusExtension } from './extensions/list-status.js';
import { literalsExtension } from './extensions/literals.js';
import { objectIdExtension } from './extensions/objectid.js';
import { previewExtension } from './extensions/preview.js';
import { saveDateExtension } from './extensions/savedate.js';
import { searchingExtensions } from './extensions/searching.js';
import { type Elsewhere, sessionExtensions } from './extensions/session.js';
import { specialUseExtension } from './extensions/special-use/index.js';
import { statusSizeExtension } from './extensions/status-size.js';
import { uidBatchesExtension } from './extensions/uidbatches.js';
import { unauthenticateExtension } from './extensions/unauthenticate.js';
import { childrenExtension, listCommand } from './listing/list.js';
import { lsub } from './listing/lsub.js';
import { type MessageEnvironment, messageCommands } from './messages/index.js';
import { messageLimitExtension } from './messages/message-limit.js';
import { moveCommand } from './messages/move.js';
import { inProgressExtension } from './progress.js';
import type { Features } from './registry.js';

/** IMAP4rev1 itself (RFC 3501) but for what has a capability of its own. */
function baseExtension(features: Features, messages: MessageEnvironment): ImapExtension {
  // biome-ignore lint/suspicious/noExplicitAny: each command's argument type is its own
  const commands: ImapCommand<any>[] = [
    capability,
    noop,
    logout,
    ...selectCommands(features),
    createCommand(features),
    deleteMailbox,
    rename,
    ...subscriptionCommands,
    listCommand(features),
    lsub,
    statusCommand(features),
    check,
    close,
    ...messageCommands(messages).filter(({ name }) => name !== 'MOVE'),
  ];
  return {
    name: 'IMAP4rev1',
    capabilities: [{ word: 'IMAP4rev1' }],
    commands,
    parameters: [partitionParameter],
    statusItems: baseStatusItems,
  };
}

const selectable = ['authenticated', 'selected'] as const;

/** RFC 6851. */
function moveExtension(messages: MessageEnvironment): ImapExtension {
  const commands = [moveCommand(messages)];
  return { name: 'MOVE', capabilities: [{ word: 'MOVE', states: selectable }], commands };
}

/** RFC 4315: UID EXPUNGE is declared with EXPUNGE, APPENDUID and COPYUID come from APPEND, COPY and MOVE. */
const uidPlusExtension: ImapExtension = {
  name: 'UIDPLUS',
  capabilities: [{ word: 'UIDPLUS', states: selectable }],
};

/** In the order in which CAPABILITY lists them. */
export function builtInExtensions(
  features: Features,
  config: ImapConfig,
  messages: MessageEnvironment,
  clock: Clock,
  elsewhere: Elsewhere = {},
): readonly ImapExtension[] {
  return [
    baseExtension(features, messages),
    imap4rev2Extension(features),
    literalsExtension(config.literals),
    idExtension,
    enableExtension(features),
    starttlsExtension,
    loginExtension,
    authenticateExtension,
    namespaceExtension,
    childrenExtension,
    listExtendedExtension,
    listStatusExtension(features),
    statusSizeExtension,
    specialUseExtension,
    renameExtension,
    appendExtension(features, config),
    appendLimitExtension(config),
    uidPlusExtension,
    moveExtension(messages),
    unselectExtension,
    idleExtension,
    condstoreExtension,
    binaryExtension,
    replaceExtension(features),
    catenateExtension,
    previewExtension,
    saveDateExtension,
    objectIdExtension,
    digestExtension,
    compressExtension,
    unauthenticateExtension,
    uidBatchesExtension,
    inProgressExtension,
    messageLimitExtension(config),
    ...sessionExtensions(features, config, elsewhere),
    ...searchingExtensions(clock),
  ];
}

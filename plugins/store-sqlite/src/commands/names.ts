export { formatMailboxName, parseMailboxName } from '@angarium/sdk';

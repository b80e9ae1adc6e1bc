/** Passwords for one program each, for the users of every source of accounts. */
import { APP_PASSWORDS, definePlugin, part, provide } from '@angarium/sdk';
import { AppPasswordBook } from './app-password-book.js';
import { AppPasswordCommand } from './command.js';

export default definePlugin({
  provides: [provide(APP_PASSWORDS, AppPasswordBook)],
  parts: [part(AppPasswordCommand)],
});

/** One way in for every protocol: SASL exchanges, password sources, accounts, administrators. */
import { ACCOUNTS, AUTHENTICATION, definePlugin, part, provide } from '@angarium/sdk';
import { AccountsDirectory } from './accounts-directory.js';
import { AuthTestCommand } from './auth-test/command.js';
import { AuthenticationService } from './authentication-service.js';

export default definePlugin({
  provides: [provide(ACCOUNTS, AccountsDirectory), provide(AUTHENTICATION, AuthenticationService)],
  parts: [part(AuthTestCommand)],
});

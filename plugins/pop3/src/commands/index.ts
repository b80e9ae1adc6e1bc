import { CommandTable } from '@angarium/sdk';
import type { Pop3Session } from '../session.js';
import { apop } from './apop.js';
import { auth } from './auth.js';
import { capa } from './capa.js';
import { dele, noop, rset } from './dele.js';
import { lang } from './lang.js';
import { list } from './list.js';
import { quit } from './quit.js';
import { retr, top } from './retr.js';
import { stat } from './stat.js';
import { stls } from './stls.js';
import { uidl } from './uidl.js';
import { pass, user } from './user.js';
import { utf8 } from './utf8.js';

export const commands = new CommandTable<Pop3Session>([
  ...[apop, auth, capa, dele, lang, list, noop, pass, quit, retr, rset, stat, stls, top, uidl, user, utf8],
]);

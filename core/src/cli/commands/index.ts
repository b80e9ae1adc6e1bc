/** All built-in commands, in the order of --help. */
import type { BuiltInCommand } from '../builtin.js';
import { check } from './check.js';
import { init } from './init.js';
import { pluginsAdd, pluginsRemove } from './plugins-edit.js';
import { pluginsInfo } from './plugins-info.js';
import { pluginsList } from './plugins-list.js';

export const builtInCommands: readonly BuiltInCommand[] = [
  check,
  init,
  pluginsList,
  pluginsInfo,
  pluginsAdd,
  pluginsRemove,
];

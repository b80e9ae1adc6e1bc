/** All built-in commands, in the order of --help. */
import type { BuiltInCommand } from '../builtin.js';
import { check } from './check.js';
import { init } from './init.js';
import { pluginsStats } from './plugin-stats.js';
import { pluginsAdd, pluginsRemove } from './plugins-edit.js';
import { pluginsInfo } from './plugins-info.js';
import { pluginsList } from './plugins-list.js';
import { reload } from './reload.js';
import { serve } from './serve.js';
import { status } from './status.js';

export const builtInCommands: readonly BuiltInCommand[] = [
  serve,
  check,
  init,
  status,
  reload,
  pluginsList,
  pluginsInfo,
  pluginsAdd,
  pluginsRemove,
  pluginsStats,
];

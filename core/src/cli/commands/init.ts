/** `angarium init`: makes the data folder and lets every plugin do the work of a first start, without serving. */
import { existsSync, mkdirSync } from 'node:fs';
import { runDirOf } from '../../manifest/manifest.js';
import { loadPlan } from '../../plugins/plan-plugins.js';
import { prepareCertificate } from '../../workers/tls-setup.js';
import { defineBuiltIn } from '../builtin.js';
import { serverNameOf, startCommandKernel } from '../command-kernel.js';
import { commandLog } from '../logging.js';

interface InitResult {
  readonly data: string;
  readonly created: boolean;
  readonly plugins: readonly string[];
  /** What plugins and the kernel have to say to the operator. */
  readonly announcements: readonly string[];
}

export const init = defineBuiltIn<InitResult>({
  name: 'init',
  summary: 'create the data folder and do what a first start does, without serving',
  async run(_context, invocation) {
    const planned = loadPlan(invocation.source);
    const { manifest } = planned;
    const created = !existsSync(manifest.dataDir);
    mkdirSync(runDirOf(manifest), { recursive: true, mode: 0o711 });
    const announcements: string[] = [];
    const announce = (text: string): void => void announcements.push(text);
    const made = await prepareCertificate(manifest, serverNameOf(manifest), Date.now());
    if (made !== undefined) announce(made);
    const kernel = await startCommandKernel(planned, {
      log: commandLog(invocation, manifest.settings),
      version: invocation.version,
      announce,
    });
    await kernel.stop();
    return { data: manifest.dataDir, created, plugins: kernel.plugins, announcements };
  },
  text({ data, created, plugins, announcements }) {
    const head = `${data}: ${created ? 'created' : 'was there'}; ${plugins.length} plugins are ready`;
    return [head, ...announcements].join('\n');
  },
});

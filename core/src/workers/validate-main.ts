/** The child of validate.ts: is sent the manifest, composes dry, sends the verdict. */

import type { CommandContext } from '@angarium/sdk';
import { check } from '../cli/commands/check.js';
import { coreVersion } from '../cli/shell.js';
import { errorText } from '../errors.js';
import type { ManifestSource } from '../manifest/manifest.js';
import type { Verdict } from './validate.js';

async function judge(source: ManifestSource): Promise<Verdict> {
  try {
    const result = await check.run({ args: [], options: {} } as unknown as CommandContext, {
      source,
      logFormat: undefined,
      logLevel: undefined,
      isJson: true,
      version: coreVersion(),
      argv: [],
      stdout: process.stdout,
      stderr: process.stderr,
      shorten: (file) => file,
    });
    const { ok, problems } = result as Verdict;
    return { ok, problems };
  } catch (error) {
    return { ok: false, problems: [{ text: errorText(error) }] };
  }
}

process.once('message', async (source: ManifestSource) => {
  process.send?.(await judge(source), undefined, undefined, () => process.exit(0));
});

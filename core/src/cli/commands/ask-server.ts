/** For commands that ask the running server. */
import { CommandError } from '@angarium/sdk';
import { formatProblem } from '../../errors.js';
import { readManifest, runDirOf } from '../../manifest/manifest.js';
import { askServer, type ControlReply, type ControlRequest, controlPath } from '../../workers/control.js';
import type { Invocation } from '../builtin.js';

/** @throws CommandError when none runs, or when it refuses. */
export async function askRunning<T>(
  invocation: Invocation,
  request: ControlRequest,
  timeoutMs: number,
): Promise<T> {
  const manifest = readManifest(invocation.source);
  let reply: ControlReply | undefined;
  try {
    reply = await askServer(controlPath(runDirOf(manifest)), request, timeoutMs);
  } catch (error) {
    throw new CommandError(`the server of ${manifest.dataDir} cannot be asked: ${(error as Error).message}`);
  }
  if (reply === undefined) throw new CommandError(`no server runs on ${manifest.dataDir}`);
  if (reply.ok) return reply.value as T;
  const problems = (reply.problems ?? []).map((problem) => formatProblem(problem, invocation.shorten));
  throw new CommandError([reply.error ?? 'the server refused', ...problems].join('\n'));
}

/** `angarium status`: is the server there, where does it listen, who is connected, what do the plugins tell? */
import type { BoundAddress } from '../../connections/listener.js';
import type { ServerStatus } from '../../workers/status.js';
import { defineBuiltIn } from '../builtin.js';
import { durationText } from '../duration.js';
import { indent, table } from '../text-table.js';
import { askRunning } from './ask-server.js';

const timeoutMs = 15_000;

export const status = defineBuiltIn<ServerStatus>({
  name: 'status',
  summary: 'the running server: processes, ports, connections, what the plugins tell',
  async run(_context, invocation) {
    return await askRunning<ServerStatus>(invocation, { op: 'status' }, timeoutMs);
  },
  text: statusText,
});

function statusText(status: ServerStatus): string {
  const { pid, version, state, uptimeMs, workers, ports, connections, sources } = status;
  const parts = [
    `angarium ${version}, pid ${pid}, ${state} for ${durationText(uptimeMs)}; data: ${status.data}`,
    '',
    'Workers:',
    indent(
      table(
        workers.map((worker) => [
          worker.id,
          worker.pid,
          durationText(worker.uptimeMs),
          worker.connections,
          worker.accepted,
          `${Math.round(worker.rssBytes / 1_048_576)} MB`,
          worker.isLeader ? 'leader' : '',
        ]),
        ['id', 'pid', 'up', 'connections', 'accepted', 'memory', ''],
      ),
    ),
    '',
    'Ports:',
    indent(
      table(
        Object.entries(ports).flatMap(([service, bound]) => bound.map((each) => [service, placeText(each)])),
      ),
    ),
  ];
  if (connections.length > 0) {
    const rows = connections.map((each) => [
      each.id,
      each.service,
      each.remote,
      each.user ?? '–',
      each.tls ?? 'plain',
      durationText(each.connectedMs),
      each.activity ?? '–',
    ]);
    parts.push(
      '',
      'Connections:',
      indent(table(rows, ['id', 'service', 'from', 'user', 'TLS', 'since', 'doing'])),
    );
  }
  if (sources.length > 0) {
    const rows = sources.map(({ name, worker, value }) => [name, worker, reportText(value)]);
    parts.push('', 'Plugins tell:', indent(table(rows, ['what', 'worker', ''])));
  }
  return parts.join('\n');
}

function placeText(bound: BoundAddress): string {
  if ('path' in bound) return bound.path;
  const address = bound.address.includes(':') ? `[${bound.address}]` : bound.address;
  return `${address}:${bound.port}${bound.tls === 'implicit' ? ' (TLS)' : ''}`;
}

/** `commits 103, jobs 104`; JSON for what is deeper than that. */
export function reportText(value: unknown): string {
  const isDeep = (each: unknown): boolean => typeof each === 'object' && each !== null;
  if (!isDeep(value) || Array.isArray(value)) return JSON.stringify(value) ?? '–';
  return Object.entries(value as object)
    .map(([name, each]) => `${name} ${isDeep(each) ? JSON.stringify(each) : each}`)
    .join(', ');
}

/**
 * `angarium serve`: owns the data folder, supervises those who serve, answers the control socket.
 * No plugin's code runs here (but with `single`), so nothing of theirs can take the supervisor down.
 * Signals: SIGTERM and SIGINT (through `signal`) drain and end; SIGHUP reloads. A reload is validated apart
 * first; when anything is wrong with it, everything goes on as it was.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { access, constants, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandError, type Logger } from '@angarium/sdk';
import { serverNameOf } from '../cli/command-kernel.js';
import { errorText, formatProblem, KernelError, type Problem } from '../errors.js';
import type { LogOptions } from '../log/log.js';
import { type ManifestSource, runDirOf } from '../manifest/manifest.js';
import { loadPlan } from '../plugins/plan-plugins.js';
import { ClusterCrew } from './cluster-crew.js';
import {
  askServer,
  type ControlPeer,
  type ControlReply,
  type ControlRequest,
  ControlServer,
  controlPath,
} from './control.js';
import type { Crew, CrewOptions, Edition } from './crew.js';
import { lockDataFolder } from './data-lock.js';
import type { SentSource } from './ipc.js';
import { PortsFile } from './ports-file.js';
import { SingleCrew } from './single-crew.js';
import type { ServerStats, ServerStatus } from './status.js';
import { prepareCertificate } from './tls-setup.js';
import { validateApart } from './validate.js';

export interface ServeOptions {
  readonly source: ManifestSource;
  readonly version: string;
  readonly log: Logger;
  readonly logOptions: Pick<LogOptions, 'format' | 'level'>;
  readonly isSingle: boolean;
  /** Default 10 s. */
  readonly hangMs?: number;
  /** Its abort ends the server in good order. */
  readonly signal: AbortSignal;
  /** For the operator: announcements. */
  say(text: string): void;
  onReady(): void;
}

const defaultHangMs = 10_000;
const helloTimeoutMs = 2_000;
/** Data is for the server's user alone; files that others need have their modes set. */
const dataUmask = 0o077;
/** Passable, so that other users reach the sockets in run/ that they may use, and nothing else. */
const dirMode = 0o711;

/** Resolves when the server has ended in good order. @throws KernelError, ListenError, CommandError */
export async function serve(options: ServeOptions): Promise<void> {
  await new Primary(options).run();
}

class Primary {
  private edition: Edition;
  private readonly crew: Crew;
  private readonly runDir: string;
  private readonly portsFile: PortsFile;
  private readonly startedMs = performance.now();
  private readonly said = new Set<string>();
  private pending: string[] = [];
  private control: ControlServer | undefined;
  private state: 'starting' | 'serving' | 'stopping' = 'starting';
  private reloading: Promise<ControlReply> = Promise.resolve({ ok: true });
  private portsWritten: Promise<void> = Promise.resolve();

  constructor(private readonly options: ServeOptions) {
    this.edition = readEdition(options.source);
    this.runDir = runDirOf(this.edition.plan.manifest);
    this.portsFile = new PortsFile(this.runDir);
    const crewOptions: CrewOptions = {
      log: options.log,
      logOptions: options.logOptions,
      version: options.version,
      hangMs: options.hangMs ?? defaultHangMs,
      edition: () => this.edition,
      announce: (text) => this.announce(text),
      onBus: (lines) => this.control?.publish(lines),
      onChange: () => this.writePorts(),
    };
    this.crew = options.isSingle ? new SingleCrew(crewOptions) : new ClusterCrew(crewOptions);
  }

  async run(): Promise<void> {
    const { manifest } = this.edition.plan;
    await prepareDataDir(manifest.dataDir, this.runDir);
    process.umask(dataUmask);
    using lock = lockDataFolder(join(this.runDir, 'server.lock'));
    if (lock === undefined) throw await inUse(manifest.dataDir, this.runDir);
    this.control = await ControlServer.open(controlPath(this.runDir), (request, peer) =>
      this.answer(request, peer),
    );
    const pidFile = join(this.runDir, 'server.pid');
    // Also when somebody ends the process at once.
    const cleanUp = (): void => {
      this.portsFile.remove();
      rmSync(pidFile, { force: true });
      rmSync(controlPath(this.runDir), { force: true });
    };
    const onHangUp = (): void => void this.reload();
    process.once('exit', cleanUp).on('SIGHUP', onHangUp);
    try {
      writeFileSync(pidFile, `${process.pid}\n`);
      this.portsFile.remove();
      await this.start();
      await aborted(this.options.signal);
    } finally {
      this.state = 'stopping';
      process.off('SIGHUP', onHangUp);
      await this.crew.stop();
      await this.portsWritten;
      await this.control.close();
      cleanUp();
      process.off('exit', cleanUp);
    }
  }

  private async start(): Promise<void> {
    const { manifest } = this.edition.plan;
    const { signal } = this.options;
    const notice = await prepareCertificate(manifest, serverNameOf(manifest), Date.now());
    if (notice !== undefined) this.announce(notice);
    await Promise.race([this.crew.start(), aborted(signal)]);
    if (signal.aborted) return;
    this.state = 'serving';
    this.writePorts();
    await this.portsWritten;
    for (const text of this.pending.splice(0)) this.options.say(text);
    this.options.onReady();
  }

  /** Once each, whoever says it; before ready in one piece. */
  private announce(text: string): void {
    if (this.said.has(text)) return;
    this.said.add(text);
    if (this.state === 'starting') this.pending.push(text);
    else this.options.say(text);
  }

  private writePorts(): void {
    if (this.state !== 'serving') return;
    const ports = this.crew.ports();
    if (Object.keys(ports).length === 0) return;
    this.portsWritten = this.portsWritten
      .then(() => this.portsFile.write(ports))
      .catch((err) => this.options.log.error('ports.json cannot be written', { err }));
  }

  private async answer(request: ControlRequest, peer: ControlPeer): Promise<ControlReply> {
    switch (request.op) {
      case 'hello':
        return { ok: true, value: { pid: process.pid, version: this.options.version } };
      case 'status':
        return { ok: true, value: await this.status() };
      case 'stats':
        return { ok: true, value: (await this.crew.stats()) satisfies ServerStats };
      case 'reload':
        return await this.reload();
      case 'join':
        peer.isMember = true;
        return { ok: true };
      case 'publish':
        this.crew.publish(request.lines);
        this.control?.publish(request.lines, peer);
        return { ok: true };
      default:
        return { ok: false, error: 'unknown request' };
    }
  }

  private async status(): Promise<ServerStatus> {
    const { manifest, plugins } = this.edition.plan;
    const workers = await this.crew.status();
    return {
      pid: process.pid,
      version: this.options.version,
      state: this.state,
      uptimeMs: Math.round(performance.now() - this.startedMs),
      manifest: manifest.file,
      data: manifest.dataDir,
      plugins: plugins.map(({ id }) => id),
      ports: this.crew.ports(),
      workers: workers.map(({ connections, sources: _sources, ...worker }) => ({
        ...worker,
        connections: connections.length,
      })),
      connections: workers.flatMap(({ id, connections }) =>
        connections.map((row) => ({ ...row, worker: id })),
      ),
      sources: workers.flatMap(({ id, sources }) =>
        Object.entries(sources).map(([name, value]) => ({ name, worker: id, value })),
      ),
    };
  }

  /** One at a time; what is asked meanwhile waits, since the file may have changed again. */
  private reload(): Promise<ControlReply> {
    this.reloading = this.reloading.then(() => this.reloadOnce());
    return this.reloading;
  }

  private async reloadOnce(): Promise<ControlReply> {
    const { log, source } = this.options;
    if (this.state !== 'serving') return { ok: false, error: 'the server is not serving' };
    log.info('reloading');
    const former = this.edition;
    try {
      this.edition = await this.validated(source);
      const { manifest } = this.edition.plan;
      await prepareCertificate(manifest, serverNameOf(manifest), Date.now());
      await this.crew.reload();
      this.writePorts();
      await this.portsWritten;
      log.info('reloaded');
      return { ok: true };
    } catch (error) {
      this.edition = former;
      const problems: readonly Problem[] = error instanceof KernelError ? error.problems : [];
      const text = `the server goes on as it was: ${errorText(error)}`;
      log.error('the reload was refused; the server goes on as it was', {
        reason: problems.length > 0 ? problems.map((problem) => formatProblem(problem)) : errorText(error),
      });
      return { ok: false, error: text, problems };
    }
  }

  private async validated(source: ManifestSource): Promise<Edition> {
    const sent = sendable(source);
    const verdict = await validateApart(sent);
    if (!verdict.ok) {
      throw new KernelError('MANIFEST_INVALID', 'the new manifest has errors', {
        problems: verdict.problems,
      });
    }
    const plan = loadPlan({ ...source, ...sent });
    const { dataDir } = this.edition.plan.manifest;
    if (plan.manifest.dataDir !== dataDir) {
      throw new KernelError('MANIFEST_INVALID', `a reload cannot move the data folder away from ${dataDir}`);
    }
    return { source: sent, plan };
  }
}

/** Names the server that holds the lock, as far as it says who it is. */
async function inUse(dataDir: string, runDir: string): Promise<CommandError> {
  const reply = await askServer(controlPath(runDir), { op: 'hello' }, helloTimeoutMs).catch(() => undefined);
  const pid = (reply?.value as { readonly pid?: number } | undefined)?.pid;
  const who = pid === undefined ? 'another server' : `the server with pid ${pid}`;
  return new CommandError(`${dataDir} is in use by ${who}; one server at a time may serve a data folder`);
}

/** @throws KernelError with all that is wrong. */
function readEdition(source: ManifestSource): Edition {
  const sent = sendable(source);
  return { source: sent, plan: loadPlan({ ...source, ...sent }) };
}

/** With the manifest's text as it is now: all workers of an edition keep to it, whatever becomes of the file. */
function sendable({ env: _env, ...source }: ManifestSource): SentSource {
  const { text: _text, ...rest } = source;
  try {
    return { ...rest, text: readFileSync(resolve(source.cwd ?? '.', source.file), 'utf8') };
  } catch {
    // Reading it as a manifest says what is wrong.
    return rest;
  }
}

async function prepareDataDir(dataDir: string, runDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: dirMode });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    await mkdir(runDir, { recursive: true, mode: dirMode });
    await access(runDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EACCES' || code === 'EPERM'
        ? `the user with id ${process.getuid?.() ?? '?'} may not write there`
        : code === 'ENOTDIR' || code === 'EEXIST'
          ? 'it is no folder'
          : errorText(error);
    throw new CommandError(`the data folder ${dataDir} cannot be used: ${reason}`);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

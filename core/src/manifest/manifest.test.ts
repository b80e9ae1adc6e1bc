import assert from 'node:assert/strict';
import { relative } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { formatProblem, KernelError } from '../errors.js';
import { loadPlan, loadPlugins, planPlugins } from '../plugins/plan-plugins.js';
import { assertGolden } from '../test-support/golden.js';
import { makeWorkspace, type Workspace, type WorkspacePlugin } from '../test-support/workspace.js';
import { type ManifestSource, readManifest } from './manifest.js';

const gateway: WorkspacePlugin = {
  name: 'gateway',
  angarium: { requires: ['ledger@1'] },
  schema: {
    type: 'object',
    properties: {
      mode: { type: 'string', enum: ['open', 'closed'], default: 'closed' },
      retries: { type: 'integer', minimum: 0, default: 3 },
      password: { $ref: 'angarium:secret' },
      listen: {
        type: 'array',
        default: [],
        items: { $ref: 'angarium:listen', properties: { trusted: { type: 'boolean' } } },
      },
    },
    additionalProperties: false,
  },
};
const ledger: WorkspacePlugin = { name: 'ledger', angarium: { provides: ['ledger@1'] } };

function told(workspace: Workspace, source: Partial<ManifestSource> = {}): string {
  const { problems } = planPlugins(readManifest({ file: workspace.manifest, env: {}, ...source }));
  return problems
    .map((problem) => formatProblem(problem, (file) => relative(workspace.dir, file)))
    .join('\n');
}

function settingsOf(test: TestContext, manifest: string, source: Partial<ManifestSource> = {}) {
  const workspace = makeWorkspace(test, manifest, [gateway, ledger]);
  return { workspace, ...loadPlan({ file: workspace.manifest, env: {}, ...source }) };
}

describe('manifest', () => {
  it('tells ten mistakes at once, each with its place and a hint', (test) => {
    const workspace = makeWorkspace(
      test,
      [
        'worker: 2',
        'serverName: "not a name"',
        'tls:',
        '  certificate: /etc/cert.pem',
        'log: { level: verbos, format: jsn }',
        'limits:',
        '  perAdress: 5',
        '  connections: 0',
        'plugins:',
        '  gatway: {}',
        '  gateway:',
        '    mode: opne',
        '    retries: "3"',
        '    password: hunter2',
        '    listen:',
        '      - { address: 127.0.0.1, port: "143", tsl: implicit, trusted: yes }',
        '      - { address: 127.0.0.1 }',
        '  ledgers: {}',
        '',
      ].join('\n'),
      [gateway, ledger],
    );
    assertGolden(import.meta.dirname, 'ten-mistakes', told(workspace));
  });

  it('tells of syntax with its place', (test) => {
    const workspace = makeWorkspace(test, 'plugins:\n  ledger: {}\n  ledger: {}\n\tlog: {}\ndata: [\n', [
      ledger,
    ]);
    assertGolden(import.meta.dirname, 'syntax', told(workspace));
  });

  it('tells what is wrong with plugin packages', (test) => {
    const workspace = makeWorkspace(
      test,
      'plugins:\n  bad: { x: 1 }\n  old: {}\n  hang: {}\n  plain: { x: 1 }\n',
      [
        { name: 'bad', angarium: { provide: ['x@1'], requires: ['Nonsense'], commands: [{ name: 'x' }] } },
        { name: 'old', angarium: { sdk: '^9.0.0', permissions: ['lsten'] } },
        {
          name: 'hang',
          schema: { type: 'object', properties: { x: { type: 'string', pattern: '^(a+)+$' } } },
        },
        { name: 'plain' },
      ],
    );
    assertGolden(import.meta.dirname, 'packages', told(workspace).replaceAll(workspace.dir, '…'));
  });

  it('fills in defaults, for the kernel and for plugins', (test) => {
    const { manifest, plugins, workspace } = settingsOf(test, 'plugins: { gateway: , ledger: }\n');
    assert.equal(manifest.dataDir, workspace.path('data'));
    assert.deepEqual(manifest.settings.log, { level: 'info', format: 'auto' });
    assert.equal(manifest.settings.limits.startSeconds, 30);
    assert.deepEqual(
      plugins.map(({ id, config }) => [id, config]),
      [
        ['ledger', {}],
        ['gateway', { mode: 'closed', retries: 3, listen: [] }],
      ],
    );
  });

  it('--set overrides, and its mistakes are told with what was given', (test) => {
    const sets = [
      'plugins.gateway.mode=open',
      'plugins.gateway.listen[0].port=0',
      'log={level: warn}',
      'workers=3',
    ];
    const { manifest, plugins, workspace } = settingsOf(
      test,
      'plugins: { gateway: , ledger: }\nworkers: 1\n',
      { sets },
    );
    assert.equal(manifest.settings.workers, 3);
    assert.equal(manifest.settings.log.level, 'warn');
    assert.deepEqual(plugins[1]?.config, { mode: 'open', retries: 3, listen: [{ port: 0 }] });
    const wrong = [
      'workers=many',
      'plugins.gateway.mod=open',
      'workers.x=1',
      'plugins[0]=1',
      'nothing',
      '..=1',
    ];
    assertGolden(import.meta.dirname, 'set-mistakes', told(workspace, { sets: wrong }));
  });

  it('--data goes before ANGARIUM_DATA, that before the manifest', (test) => {
    const workspace = makeWorkspace(test, 'data: from-manifest\n');
    const dataDir = (source: Partial<ManifestSource>) =>
      relative(
        workspace.dir,
        readManifest({ file: workspace.manifest, cwd: workspace.dir, env: {}, ...source }).dataDir,
      );
    assert.equal(dataDir({}), 'from-manifest');
    assert.equal(dataDir({ env: { ANGARIUM_DATA: 'from-env' } }), 'from-env');
    assert.equal(dataDir({ env: { ANGARIUM_DATA: 'from-env' }, dataDir: 'from-option' }), 'from-option');
  });

  it('puts secrets in when the plugins are loaded, not before', async (test) => {
    const manifest = 'plugins: { gateway: { password: { $secret: "env:PW" } }, ledger: }\n';
    const planned = settingsOf(test, manifest, { env: { PW: 's3cret' } });
    assert.equal(JSON.stringify(planned.plugins).includes('s3cret'), false);
    const loaded = await loadPlugins(planned);
    assert.deepEqual(loaded[1]?.config, { mode: 'closed', retries: 3, listen: [], password: 's3cret' });
  });

  it('tells of a secret that is not there, with its place', async (test) => {
    const planned = settingsOf(test, 'plugins:\n  gateway: { password: { $secret: "env:PW" } }\n  ledger:\n');
    await assert.rejects(loadPlugins(planned), (error: KernelError) => {
      const [problem] = error.problems;
      assert.equal(problem?.text, 'plugins.gateway.password: the environment has no PW');
      assert.deepEqual([problem?.line, problem?.column], [2, 14]);
      return true;
    });
  });

  it('names a provider that is installed but not enabled', (test) => {
    const workspace = makeWorkspace(test, 'plugins:\n  gateway:\n', [gateway, ledger]);
    assert.equal(
      told(workspace),
      'angarium.yaml:2:3: plugin gateway requires ledger@1, which no enabled plugin provides — enable plugin ledger',
    );
  });

  it('refuses a plugin with its own copy of the SDK', (test) => {
    const workspace = makeWorkspace(test, 'plugins:\n  ledger:\n', [
      ledger,
      { name: '@angarium/plugin-ledger/node_modules/@angarium/sdk' },
    ]);
    assert.match(told(workspace), /plugin ledger has a copy of @angarium\/sdk of its own/);
  });

  it('a file that is not there is a problem, not a crash', () => {
    assert.throws(
      () => loadPlan({ file: '/nonexistent/angarium.yaml', env: {} }),
      (error: KernelError) => {
        assert.equal(error.code, 'MANIFEST_INVALID');
        assert.equal(error.problems[0]?.text, 'there is no such file');
        return true;
      },
    );
  });
});

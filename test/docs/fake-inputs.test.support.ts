/** A tiny SDK and one plugin, for the golden pages and the checks. */
import { readModules } from './dts/modules.js';
import type { Inputs, PluginInfo } from './inputs.js';

const declarations = {
  index: `/** The fake SDK. */
export * from './errors.js';
export * from './hooks/index.js';
export * from './kernel/index.js';
`,
  errors: `/** What goes wrong. */
/** Each code. */
declare const temporaryByCode: {
    /** Full. */
    readonly FULL: true;
};
/** The codes. */
export type MailErrorCode = keyof typeof temporaryByCode;
/** Thrown to <clients>. */
export declare class MailError extends Error {
    private readonly secret;
    /** Which. */
    readonly code: MailErrorCode;
    constructor(code: MailErrorCode);
}
export {};
`,
  'kernel/index': `export { type HookBus, BOX } from './hooks.js';
`,
  'kernel/hooks': `/** The bus. */
import { injectable } from 'tsyringe';
/** Taps and calls. @throws Error on unknown names. */
export interface HookBus {
    tap(name: string): Disposable;
}
/** Not exported by the index. */
export interface Hidden {
}
export interface Box {
    /** How many. */
    readonly count: number;
}
export declare const BOX: Contract<Box>;
export { injectable };
`,
  'hooks/index': `export * from './box.js';
`,
  'hooks/box': `/** Family \`box.*\`: boxes come and go. */
import type { Box } from '../kernel/hooks.js';
declare module '../kernel/hooks.js' {
    interface Hooks {
        /** Before it opens. */
        'box.opening': VetoHook<[box: Box]>;
        'box.opened': ObserveHook<[box: Box, times: number]>;
    }
}
`,
};

export const fakePlugin: PluginInfo = {
  id: 'boxes',
  packageName: '@angarium/plugin-boxes',
  description: 'Boxes for everybody',
  sdk: '^1.0.0',
  provides: ['box@1'],
  requires: [],
  optional: [],
  permissions: ['files'],
  commands: [{ name: 'box open', summary: 'Open a box' }],
  configSchema: {
    type: 'object',
    properties: {
      listen: { description: 'Where.', type: 'array', items: { $ref: 'angarium:listen' }, default: [] },
      size: { description: 'Of a <box>, in octets.', type: 'integer', minimum: 1, default: 10 },
    },
  },
  hasReadme: true,
  registries: ['commands@1'],
  taps: [],
  calls: ['box.opened'],
};

export const fakeInputs: Inputs = {
  modules: readModules(new Map(Object.entries(declarations))),
  contracts: [
    { name: 'box@1', constant: 'BOX', isRegistry: false, isKernels: false },
    { name: 'commands@1', constant: 'COMMANDS', isRegistry: true, isKernels: false },
  ],
  hooks: {
    'box.opening': { kind: 'veto', summary: 'before a box is opened' },
    'box.opened': { kind: 'observe', summary: 'a box was opened' },
  },
  permissions: [{ name: 'files', summary: 'reads or writes files' }],
  plugins: [fakePlugin],
  commands: [
    {
      name: 'box open',
      summary: 'Open a box',
      plugin: 'boxes',
      arguments: [{ name: '<box>', summary: 'its name' }],
      options: [{ flags: '-f, --force', summary: 'with a crowbar' }],
    },
    {
      name: 'check',
      summary: 'validate',
      plugin: undefined,
      arguments: [],
      options: [],
      notes: '\nA note.\n',
    },
  ],
  globalOptions: [
    ['-c, --config <file>', 'the manifest'],
    ['--json', 'the result as JSON'],
  ],
  schemas: new Map([
    [
      'angarium:listen',
      {
        description: 'Where clients come in.',
        type: 'object',
        properties: { port: { description: 'TCP port.', type: 'integer', minimum: 0, maximum: 65535 } },
        required: ['port'],
      },
    ],
    [
      'angarium:manifest',
      {
        title: 'what is enabled',
        type: 'object',
        properties: {
          workers: { description: 'Default: one a core.', type: 'integer', minimum: 1 },
          plugins: { description: 'By name.', type: 'object', default: {} },
        },
      },
    ],
  ]),
  mailErrors: [{ code: 'FULL', isTemporary: true, meaning: 'Full.' }],
  kernelErrors: [{ code: 'START_FAILED', meaning: 'It did not start.' }],
  sources: [
    { path: 'plugins/boxes/src/a.ts', text: '/** RFC 3501 §6.4.5 */' },
    { path: 'plugins/boxes/src/b.ts', text: '// RFC 3501 §6.4.10 and RFC 2045' },
  ],
  guides: [],
  problems: [],
};

/** `hooks.md`: the catalogue, from the types (arguments, when) and the run-time list (kind, summary). */
import type { Member } from '../dts/declarations.js';
import type { ApiFile, ApiModule } from '../dts/modules.js';
import type { Inputs, PluginInfo } from '../inputs.js';
import { byText, code, codeBlock, docComment, page, table } from '../markdown.js';

export interface HookType {
  readonly name: string;
  /** `veto`, `observe`, `answer`; undefined when the type is none of the three. */
  readonly kind: string | undefined;
  /** `batch: AppendBatch` */
  readonly args: string;
  /** What a tap may answer, of `answer` hooks. */
  readonly answer: string | undefined;
  readonly when: string | undefined;
}

interface Family {
  readonly file: ApiFile;
  readonly hooks: readonly HookType[];
}

export function hookFamilies(modules: readonly ApiModule[]): Family[] {
  return modules
    .flatMap(({ files }) => files)
    .map((file) => {
      const members = file.augmentations
        .filter(({ name }) => name === 'Hooks')
        .flatMap(({ members: m }) => m);
      return { file, hooks: members.map(hookType) };
    })
    .filter(({ hooks }) => hooks.length > 0);
}

function hookType({ name, doc, text }: Member): HookType {
  const [, word, args = '', rest = ''] =
    /:\s*(\w+)Hook<\[([\s\S]*?)\](?:,\s*([\s\S]*))?>\s*$/.exec(text) ?? [];
  const answer = rest.trim() === '' ? undefined : rest.trim();
  return { name, kind: word?.toLowerCase(), args: args.trim(), answer, when: doc };
}

const kinds = [
  ['veto', 'before something happens. Taps run one after another; a throw (`MailError`) stops it.'],
  ['observe', 'after something happened. A failing tap is logged with its plugin’s name and harms nobody.'],
  ['answer', 'taps are asked one after another; the first answer that is not undefined counts.'],
] as const;

export function hooksPage(inputs: Inputs): string {
  const families = hookFamilies(inputs.modules);
  const overview = families.flatMap(({ hooks }) =>
    hooks.map(({ name }) => {
      const known = inputs.hooks[name];
      return [`[${name}](#${name.replace('.', '')})`, known?.kind ?? '–', known?.summary ?? '–'];
    }),
  );
  return page([
    '# Hooks',
    'How a plugin taps one is told in [HookBus](sdk/kernel.md#hookbus). There are three kinds:',
    kinds.map(([kind, text]) => `- **${kind}**: ${text}`).join('\n'),
    table(['hook', 'kind', 'when'], overview),
    ...families.flatMap((family) => familyBlocks(family, inputs)),
  ]);
}

function familyBlocks({ file, hooks }: Family, inputs: Inputs): (string | undefined)[] {
  return [
    `## Family ${code(`${hooks[0]!.name.split('.')[0]}.*`)}`,
    file.header === undefined ? undefined : docComment(familyText(file.header)),
    ...hooks.flatMap((hook) => hookBlocks(hook, inputs)),
  ];
}

/** `Family `auth.*`: logins.` is said by the heading already. */
function familyText(header: string): string {
  const text = header.replace(/^Family `[^`]*`: /, '');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function hookBlocks({ name, kind, args, answer, when }: HookType, inputs: Inputs): (string | undefined)[] {
  const summary = inputs.hooks[name]?.summary;
  const result = kind === 'answer' ? `${answer ?? 'unknown'} | undefined` : 'void';
  return [
    `### ${name}`,
    `**${kind}**${summary === undefined ? '' : `: ${summary}`}.`,
    when === undefined ? undefined : docComment(when),
    codeBlock(`(${args.replace(/\s+/g, ' ')}): ${result}`),
    usersText(name, inputs.plugins),
  ];
}

function usersText(name: string, plugins: readonly PluginInfo[]): string | undefined {
  const callers = plugins.filter(({ calls }) => calls.includes(name)).map(({ id }) => id);
  const tappers = plugins.filter(({ taps }) => taps.includes(name)).map(({ id }) => id);
  const lines = [
    ...(callers.length === 0 ? [] : [`Called by ${listed(callers)}.`]),
    ...(tappers.length === 0 ? [] : [`Tapped by ${listed(tappers)}.`]),
  ];
  return lines.length === 0 ? undefined : lines.join(' ');
}

function listed(ids: readonly string[]): string {
  return [...ids]
    .sort(byText)
    .map((id) => `[${id}](plugins/${id}.md)`)
    .join(', ');
}

/** `contracts.md`: every token, who provides it and who needs it. */
import type { ContractInfo, Inputs } from '../inputs.js';
import { byText, code, docComment, page, table } from '../markdown.js';
import { sdkLinks } from './sdk.js';

export function contractsPage(inputs: Inputs): string {
  const contracts = inputs.contracts.filter(({ isRegistry }) => !isRegistry);
  const registries = inputs.contracts.filter(({ isRegistry }) => isRegistry);
  return page([
    '# Contracts and registries',
    'Names under which plugins meet, as their manifests write them in `provides`, `requires` and `optional`.',
    '## Contracts',
    'One enabled plugin provides each; any number use it.',
    table(['contract', 'constant', 'provided by', 'required by', 'used if there'], rows(contracts, inputs)),
    ...descriptions(contracts, inputs),
    '## Registries',
    'Places where anybody adds to what another offers. The kernel makes each of them; none needs a provider, and no ' +
      'manifest has to list it.',
    table(
      ['registry', 'constant', 'added to or read in'],
      registries.map((registry) => [
        code(registry.name),
        constantLink(registry, inputs),
        usersOf(registry, inputs),
      ]),
    ),
    ...descriptions(registries, inputs),
  ]);
}

function rows(contracts: readonly ContractInfo[], inputs: Inputs): string[][] {
  const by = (key: 'provides' | 'requires' | 'optional', name: string) =>
    pluginLinks(inputs.plugins.filter((plugin) => plugin[key].includes(name)).map(({ id }) => id));
  return contracts.map((contract) => [
    code(contract.name),
    constantLink(contract, inputs),
    contract.isKernels ? 'the kernel' : by('provides', contract.name),
    contract.isKernels ? 'needs no entry in a manifest' : by('requires', contract.name),
    by('optional', contract.name),
  ]);
}

function pluginLinks(ids: readonly string[]): string {
  const links = [...ids].sort(byText).map((id) => `[${id}](plugins/${id}.md)`);
  return links.join(', ') || '–';
}

function constantLink({ constant }: ContractInfo, inputs: Inputs): string {
  const link = sdkLinks(inputs.modules).get(constant);
  return link === undefined ? code(constant) : `[${constant}](${link})`;
}

function usersOf({ name }: ContractInfo, inputs: Inputs): string {
  const users = inputs.plugins.filter(({ registries }) => registries.includes(name));
  return pluginLinks(users.map(({ id }) => id));
}

/** What the constant's own comment says, or else that of the interface behind it. */
function descriptions(contracts: readonly ContractInfo[], inputs: Inputs): string[] {
  const links = sdkLinks(inputs.modules);
  const files = inputs.modules.flatMap((module) => module.files);
  const exports = files.flatMap((file) => file.exports);
  return contracts.flatMap(({ name, constant }) => {
    const token = exports.find((each) => each.name === constant);
    const [, typeName] = /Contract<(\w+)/.exec(token?.declarations[0]?.text ?? '') ?? [];
    const type = exports.find((each) => each.name === typeName);
    const own = [token?.doc, type?.doc].filter((text) => text !== undefined);
    const header = files.find((file) => file.exports.some((each) => each.name === constant))?.header;
    const texts = own.length > 0 || header === undefined ? own : [header];
    const link = typeName === undefined ? undefined : links.get(typeName);
    const typeLine = link === undefined ? undefined : `Interface: [${typeName}](${link})`;
    return [`### ${name}`, ...texts.map(docComment), ...(typeLine === undefined ? [] : [typeLine])];
  });
}

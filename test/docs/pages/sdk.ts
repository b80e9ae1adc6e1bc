/** `sdk.md` and a page a module: every export with its signature and doc comment. */
import type { ApiExport, ApiFile, ApiModule } from '../dts/modules.js';
import { Anchors, byText, code, codeBlock, docComment, page, prose } from '../markdown.js';

/** The module of what lies beside the SDK's own index. */
const rootName = 'basics';

function moduleName(module: Pick<ApiModule, 'name'>): string {
  return module.name === '' ? rootName : module.name;
}

export function sdkPages(modules: readonly ApiModule[]): [path: string, text: string][] {
  return [
    ['sdk.md', indexPage(modules)],
    ...modules
      .filter(({ files }) => files.length > 0)
      .map((module): [string, string] => [`sdk/${moduleName(module)}.md`, modulePage(module)]),
  ];
}

/** Exported name → `sdk/contracts.md#mailstore`, from the folder of the reference. */
export function sdkLinks(modules: readonly ApiModule[]): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const module of modules) {
    for (const [name, anchor] of anchorsOf(module)) links.set(name, `sdk/${moduleName(module)}.md#${anchor}`);
  }
  return links;
}

/** In the order of the page, so that headings of one name get the numbers that they get there. */
function anchorsOf(module: ApiModule): [name: string, anchor: string][] {
  const anchors = new Anchors();
  anchors.next(titleOf(module));
  return module.files.flatMap((file) => {
    anchors.next(fileTitle(file));
    return file.exports.map(({ name }): [string, string] => [name, anchors.next(name)]);
  });
}

function titleOf(module: ApiModule): string {
  return module.name === '' ? '@angarium/sdk: basics' : `@angarium/sdk: ${module.name}`;
}

function fileTitle(file: ApiFile): string {
  return `${file.path}.ts`;
}

function indexPage(modules: readonly ApiModule[]): string {
  const links = sdkLinks(modules);
  const sections = modules
    .filter(({ files }) => files.length > 0)
    .flatMap((module) => {
      const names = module.files.flatMap(({ exports }) => exports.map(({ name }) => name)).sort(byText);
      return [
        `## [${moduleName(module)}](sdk/${moduleName(module)}.md)`,
        module.header === undefined ? undefined : docComment(module.header),
        names.map((name) => `[${name}](${links.get(name)})`).join(' · '),
      ];
    });
  return page([
    '# The SDK',
    "Everything that `@angarium/sdk` exports. `import … from '@angarium/sdk'` has all of it; the modules below, except " +
      `${rootName}, are also entry points of their own (\`@angarium/sdk/message\`).`,
    ...sections,
  ]);
}

function modulePage(module: ApiModule): string {
  const blocks = module.files.flatMap((file) => [
    `## ${fileTitle(file)}`,
    file.header === undefined ? undefined : docComment(file.header),
    file.augmentations.length === 0 ? undefined : augmentationNote(file),
    ...file.exports.flatMap(exportBlocks),
  ]);
  return page([
    `# ${titleOf(module)}`,
    module.header === undefined ? undefined : docComment(module.header),
    '[All modules](../sdk.md)',
    ...blocks,
  ]);
}

function augmentationNote({ augmentations }: ApiFile): string {
  return augmentations
    .map(({ name, members }) => {
      const names = members.map((member) => code(member.name)).join(', ');
      return name === 'Hooks'
        ? `Hooks ([catalogue](../hooks.md)): ${names}.`
        : `Adds to ${code(name)}: ${names}.`;
    })
    .join('\n');
}

function exportBlocks({ name, doc, declarations, helpers, library }: ApiExport): (string | undefined)[] {
  const signatures = [...declarations, ...helpers].map(({ text }) => text);
  return [
    `### ${name}`,
    doc === undefined ? undefined : docComment(doc),
    library === undefined ? undefined : prose(`From ${code(library)}.`),
    signatures.length === 0 ? undefined : codeBlock(signatures.join('\n')),
  ];
}

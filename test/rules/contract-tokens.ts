/** Contracts that plugins offer to others live in the SDK, so that a third party needs the SDK alone. */
import { isTest, matches, type Rule } from './sources.js';

const makesToken = /(?<!\.)\b(contract|registry)(<[^(\n]*>)?\(\s*['"`]|Symbol\.for\(\s*['"`]angarium:/g;

export const contractTokens: Rule = {
  name: 'contract-tokens',
  check({ path, text }) {
    if (path.startsWith('sdk/api/') || isTest(path) || !path.endsWith('.ts')) return [];
    return matches(text, makesToken).map(({ line }) => ({
      line,
      text: 'contracts and registries are declared in sdk/api, under the name of the feature',
    }));
  },
};

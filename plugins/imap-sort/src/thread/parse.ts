import type { CommandLine } from '@angarium/sdk';

export const algorithms = ['ORDEREDSUBJECT', 'REFERENCES', 'REFS'] as const;
export type Algorithm = (typeof algorithms)[number];

export function parseAlgorithm(line: CommandLine): Algorithm {
  const word = line.keyword();
  return algorithms.find((name) => name === word) ?? line.fail(`a threading algorithm instead of ${word}`);
}

/** Every check of what the reference is made from; a finding is one sentence that begins with the file. */
import type { Inputs } from '../inputs.js';
import { apiFindings } from './api.js';
import { contractFindings, hookFindings } from './catalogues.js';
import { commandFindings } from './commands.js';
import { guideFindings } from './guides.js';
import { optionFindings } from './options.js';
import { rfcFindings } from './rfcs.js';

export interface Findings {
  readonly findings: readonly string[];
  /** What could not be checked here. */
  readonly notes: readonly string[];
}

/** @param rfcDir folder of RFC texts, when at hand. */
export function check(inputs: Inputs, rfcDir: string | undefined): Findings {
  const rfcs = rfcFindings(inputs.sources, rfcDir);
  return {
    findings: [
      ...inputs.problems,
      ...apiFindings(inputs.modules),
      ...errorFindings(inputs),
      ...contractFindings(inputs),
      ...hookFindings(inputs),
      ...optionFindings(inputs),
      ...commandFindings(inputs),
      ...guideFindings(inputs),
      ...rfcs.findings,
    ],
    notes: rfcs.notes,
  };
}

function errorFindings({ mailErrors, kernelErrors }: Inputs): string[] {
  return [
    ...mailErrors
      .filter(({ meaning }) => meaning === undefined)
      .map(({ code }) => `sdk/api/src/errors.ts: ${code} has no doc comment`),
    ...kernelErrors
      .filter(({ meaning }) => meaning === undefined)
      .map(({ code }) => `core/src/errors.ts: ${code} has no doc comment`),
  ];
}

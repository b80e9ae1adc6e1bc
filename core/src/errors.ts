/** What can go wrong in the kernel. Texts are for the operator; every problem of a start comes at once. */

/** The codes of `KernelError`. */
export type KernelErrorCode =
  /** The manifest has mistakes, or its plugins do not fit together; all of it is in `problems`. */
  | 'MANIFEST_INVALID'
  /** The same of plugins that are given as objects, as tests do. */
  | 'PLAN_INVALID'
  /** A plugin cannot be loaded or constructed. */
  | 'COMPOSE_FAILED'
  /** A plugin or a listener did not start; what had started was stopped again. */
  | 'START_FAILED'
  /** Plugins failed while stopping, or took too long; the others were stopped. */
  | 'STOP_FAILED'
  /** Something asked for a contract that no enabled plugin provides. */
  | 'NOT_PROVIDED'
  /** A plugin taps or calls a hook that is in no catalogue. */
  | 'UNKNOWN_HOOK'
  /** The kernel was told to do what its state does not allow: to start twice, for example. */
  | 'WRONG_STATE';

/** One thing to put right. */
export interface Problem {
  /** The operator's file, absolute; undefined when the problem is in no file. */
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  /** What was found, what was expected. */
  readonly text: string;
  /** What would probably be right. */
  readonly hint?: string;
}

export interface KernelErrorDetails {
  readonly problems?: readonly Problem[];
  /** The plugin that is to blame. */
  readonly plugin?: string;
  readonly cause?: unknown;
}

export class KernelError extends Error {
  override readonly name = 'KernelError';
  readonly problems: readonly Problem[];
  readonly plugin: string | undefined;

  constructor(
    readonly code: KernelErrorCode,
    text: string,
    details: KernelErrorDetails = {},
  ) {
    super(text, details.cause === undefined ? {} : { cause: details.cause });
    this.problems = details.problems ?? [];
    this.plugin = details.plugin;
  }
}

/** `angarium.yaml:3:5: text` and the hint, as compilers print it. `shorten` makes a path readable. */
export function formatProblem(problem: Problem, shorten: (file: string) => string = (file) => file): string {
  const { file, line, column, text, hint } = problem;
  const place = [file === undefined ? undefined : shorten(file), line, column].filter(
    (part) => part !== undefined,
  );
  const head = place.length > 0 ? `${place.join(':')}: ` : '';
  return `${head}${text}${hint === undefined ? '' : ` — ${hint}`}`;
}

/** @throws KernelError with all of `problems`, when there are any. */
export function throwProblems(code: KernelErrorCode, title: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map((problem) => `  ${formatProblem(problem)}`);
  throw new KernelError(code, [`${title}:`, ...lines].join('\n'), { problems });
}

/** The text of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

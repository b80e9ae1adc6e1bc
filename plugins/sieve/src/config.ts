/** As config.schema.json has it, defaults filled in. */
export interface SieveConfig {
  readonly maxScripts: number;
  readonly maxScriptBytes: number;
  readonly maxSteps: number;
  readonly maxRedirects: number;
  readonly maxBodyBytes: number;
  readonly detailSeparators: string;
  readonly without: readonly string[];
  /** '' for none, as `defaultScript`. */
  readonly globalFolder: string;
  readonly defaultScript: string;
  readonly vacation: VacationConfig;
  readonly cachedScripts: number;
  readonly spamtest: SpamTestConfig;
  readonly virustest: VirusTestConfig;
}

/** Where a spam filter writes its score. */
export interface SpamTestConfig {
  /** '' for none. */
  readonly header: string;
  readonly pattern: string;
  readonly as: 'number' | 'length';
  readonly max: number;
}

/** Where a virus filter writes what it has found. */
export interface VirusTestConfig {
  /** '' for none. */
  readonly header: string;
  readonly pattern: string;
  /** Text to level, 1 to 5. */
  readonly values: Readonly<Record<string, number>>;
}

/** Bounds of vacation; days. */
export interface VacationConfig {
  readonly minDays: number;
  readonly maxDays: number;
}

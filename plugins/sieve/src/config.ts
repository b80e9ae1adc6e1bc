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
}

/** Bounds of vacation; days. */
export interface VacationConfig {
  readonly minDays: number;
  readonly maxDays: number;
}

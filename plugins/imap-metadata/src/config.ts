/** The plugin's configuration; config.schema.json has the sentences and the defaults. */
export interface MetadataConfig {
  readonly maxValueBytes: number;
  readonly maxEntries: number;
  readonly annotatemore: boolean;
  /** '' for none. */
  readonly admin: string;
}

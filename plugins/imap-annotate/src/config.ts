/** The plugin's configuration; config.schema.json has the sentences and the defaults. */
export interface AnnotateConfig {
  readonly maxValueBytes: number;
  readonly maxEntries: number;
}

/** As config.schema.json has it, defaults filled in. */
export interface NamespaceConfig {
  readonly altnamespace: boolean;
  readonly unixhierarchysep: boolean;
  readonly userprefix: string;
  readonly sharedprefix: string;
  readonly altprefix: string;
  readonly disable_user_namespace: boolean;
  readonly disable_shared_namespace: boolean;
}

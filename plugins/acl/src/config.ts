/** As config.schema.json has it, defaults filled in. */
export interface AclConfig {
  readonly defaultacl: string;
  readonly implicit_owner_rights: string;
  readonly deleteright: 'c' | 'd';
  readonly allowsetacl: boolean;
  readonly anyoneuseracl: boolean;
  readonly crossdomains: boolean;
}

/** What a plugin may touch, as its manifest says in `permissions`; shown to the operator before it is enabled. */
export const permissions = [
  { name: 'listen', summary: 'accepts connections' },
  { name: 'mail:read', summary: 'reads mail' },
  { name: 'mail:write', summary: 'stores, changes and removes mail' },
  { name: 'accounts', summary: 'sees accounts and checks their secrets' },
  { name: 'network', summary: 'connects to other machines' },
  { name: 'files', summary: 'reads or writes files outside its own data' },
  { name: 'admin', summary: 'acts with administrator rights' },
] as const;

/** The name of a permission, as plugin manifests list it. */
export type Permission = (typeof permissions)[number]['name'];

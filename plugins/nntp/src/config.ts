import type { ListenEntry } from '@angarium/sdk';

/** As config.schema.json has it, defaults filled in. */
export interface NntpConfig {
  readonly listen: readonly ListenEntry[];
  readonly newsprefix: string;
  readonly newsgroups: string;
  readonly anonymous: 'never' | 'named' | 'anyone';
  readonly allownewnews: boolean;
  readonly maxArticleBytes: number;
  readonly pathIdentity: string;
  readonly historyDays: number;
  readonly cutoffDays: number;
  readonly newsmaster: string;
  readonly newspostuser: string;
  readonly newspostdomain: string;
  readonly newsaddheaders: readonly ('to' | 'replyto')[];
  readonly motd: string;
  readonly subscriptions: readonly string[];
  readonly moderators: readonly { readonly groups: string; readonly address: string }[];
  readonly distributions: Readonly<Record<string, string>>;
  readonly distribPats: readonly {
    readonly weight: number;
    readonly groups: string;
    readonly value: string;
  }[];
  readonly idleTimeoutSeconds: number;
}

import {
  type Account,
  isLocalHost,
  type OutsideAccounts,
  type PasswordContext,
  type PasswordVerdict,
  type UserId,
  WorkQueue,
} from '@angarium/sdk';
import { readAccount, readObject, readVerdict } from './answers.js';
import type { HttpConfig } from './config.js';

const MAX_WAITING = 1000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** The service, asked. */
export class HttpService implements OutsideAccounts {
  private readonly queue: WorkQueue;
  private readonly url: URL;

  /** @throws Error for a URL that would send passwords in the clear to another machine. */
  constructor(private readonly config: HttpConfig) {
    this.url = new URL(config.url);
    const host = this.url.hostname.replace(/^\[|\]$/g, '');
    if (this.url.protocol !== 'https:' && !isLocalHost(host))
      throw new Error(`url: ${config.url} is neither https nor on this machine`);
    this.queue = new WorkQueue(config.maxConcurrent, MAX_WAITING);
  }

  async find(user: UserId): Promise<Account | undefined> {
    return readAccount(user, await this.ask({ action: 'find', user }));
  }

  async verify(user: UserId, password: string, context: PasswordContext): Promise<PasswordVerdict> {
    const { service, remoteAddress: address } = context;
    return readVerdict(await this.ask({ action: 'verify', user, password, service, address }));
  }

  private ask(question: Readonly<Record<string, string>>) {
    const { token, timeoutSeconds } = this.config;
    return this.queue.run(async () => {
      const response = await fetch(this.url, {
        method: 'POST',
        redirect: 'error',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(question),
        signal: AbortSignal.timeout(timeoutSeconds * 1000),
      });
      const text = await boundedText(response);
      if (response.status !== 200) throw new Error(`the service answered ${response.status}`);
      return readObject(text);
    });
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error('the service answers at too great length');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

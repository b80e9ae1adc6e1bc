/** The plugins of a real server, with scripts in memory, and clients over pairs of streams. */
import { type Contract, MANAGED_ACCOUNTS, type UserId } from '@angarium/sdk';
import {
  createTestKernel,
  LineClient,
  ManualClock,
  type TestKernel,
  type TestKernelOptions,
} from '@angarium/testing';
import { memoryScripts } from './memory-scripts.test.support.js';

export type Connecting = Parameters<TestKernel['connect']>[1];
/** Not this machine. */
export const far: Connecting = { remote: { address: '192.0.2.1', port: 99 } };

/** Reads whole answers: lines, their literals in place, up to the status. Latin1. */
export class SieveTestClient extends LineClient {
  async answer(): Promise<string> {
    let text = '';
    for (;;) {
      const line = await this.whole();
      text += `${line}\n`;
      if (/^(OK|NO|BYE)\b/.test(line)) return text.slice(0, -1);
    }
  }

  /** One line with its literals; CRLF inside as it came. */
  async whole(): Promise<string> {
    let text = await this.line();
    for (;;) {
      const literal = /\{(\d+)\}$/.exec(text);
      if (literal === null) return text;
      text += `\r\n${(await this.exactly(Number(literal[1]))).latin1Slice()}${await this.line()}`;
    }
  }

  async command(text: string): Promise<string> {
    this.send(`${text}\r\n`);
    return await this.answer();
  }

  async logIn(user = 'fred', authz = ''): Promise<string> {
    const initial = Buffer.from(`${authz}\0${user}\0${user} pw`).toString('base64');
    return await this.command(`AUTHENTICATE "PLAIN" "${initial}"`);
  }
}

export interface SetUp {
  readonly config?: Record<string, unknown>;
  readonly authentication?: Record<string, unknown>;
  readonly plugins?: TestKernelOptions['plugins'];
}

export async function setUp({ config = {}, authentication = {}, plugins = [] }: SetUp = {}) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    clock,
    plugins: [
      memoryScripts,
      { name: 'authentication', config: { admins: ['admin'], failedLoginPause: 0, ...authentication } },
      {
        name: 'accounts-local',
        config: { scrypt: { cost: 10 }, scram: ['SHA-1', 'SHA-256'], plainSecrets: true },
      },
      'sasl-plain',
      'sasl-login',
      'sasl-scram',
      'sasl-cram-md5',
      'sasl-anonymous',
      { name: 'managesieve', config },
      ...plugins,
    ],
    host: { role: 'command' },
  });
  const accounts = kernel.get(MANAGED_ACCOUNTS);
  for (const user of ['fred', 'wilma', 'admin'])
    await accounts.create(user as UserId, { password: `${user} pw` });
  /** Greeting read. */
  const connect = async (options?: Connecting) => {
    const client = new SieveTestClient(kernel.connect('sieve', options));
    const greeting = await client.answer();
    return Object.assign(client, { greeting });
  };
  const loggedIn = async (user = 'fred', options?: Connecting) => {
    const client = await connect(options);
    const answer = await client.logIn(user);
    if (answer !== 'OK') throw new Error(answer);
    return client;
  };
  return {
    kernel,
    clock,
    connect,
    loggedIn,
    get: <T>(token: Contract<T>) => kernel.get(token),
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

/** The five protocols that carry SASL, as tables: how each frames an exchange, and its own words for what becomes of it. */
import type { ConnectionOptions } from 'node:tls';
import { LineClient, type SaslClient } from '@angarium/testing';
import type { TestServer } from '../support/server.js';

/** What comes after a message of the client. */
type Turn = { readonly challenge: string } | { readonly reply: string; readonly data?: string };

/** Of the failures of a login, in the protocol's words. */
export interface Replies {
  readonly ok: RegExp;
  /** Wrong credentials. */
  readonly refused: RegExp;
  /** Right ones, and an authorization identity that is not his to use. */
  readonly overreach: RegExp;
  readonly cancelled: RegExp;
  readonly notBase64: RegExp;
  readonly tooLong: RegExp;
  /** An initial response where the server speaks first. */
  readonly unexpected: RegExp;
  readonly unknown: RegExp;
  /** The exchange's messages break the mechanism's grammar. */
  readonly malformed: RegExp;
  /** After a login. */
  readonly again: RegExp;
  /** An outside service is down, or the address is blocked. */
  readonly unavailable: RegExp;
}

export interface Protocol {
  /** As operators call it, and as it stands in ports.json. */
  readonly name: string;
  readonly port: string;
  /** The SASL service name. */
  readonly service: string;
  /** Cyrus's test program. */
  readonly program: string;
  /** Said after the greeting, and after STARTTLS. */
  readonly hello?: string;
  /** Matches the end of the greeting, of the answer to `hello`, and of the list. */
  readonly greeted: RegExp;
  readonly startTls: string;
  readonly goAhead: RegExp;
  /** Does the server say unasked what it can after STARTTLS? */
  readonly announces?: boolean;
  readonly list: string;
  readonly listed: RegExp;
  /** Finds the names of mechanisms in the list. */
  readonly mechanisms: RegExp;
  /** '' is an initial response of no octets. */
  begin(mechanism: string, initial?: string): string;
  response(base64: string): string;
  hear(client: LineClient): Promise<Turn>;
  readonly replies: Replies;
}

/** Challenges on lines that begin in one way; `data` finds what comes with success. */
const lines = (prefix: string, data?: RegExp) => async (client: LineClient) => {
  const line = await client.line();
  if (line.startsWith(prefix)) return { challenge: line.slice(prefix.length) };
  const found = data?.exec(line)?.[1];
  return found === undefined ? { reply: line } : { reply: line, data: found };
};

const words = (command: string) => (mechanism: string, initial?: string) =>
  `${command} ${mechanism}${initial === undefined ? '' : ` ${initial || '='}`}`;
const itself = (base64: string) => base64;

const imap: Protocol = {
  name: 'imap',
  port: 'imap',
  service: 'imap',
  program: 'imtest',
  greeted: /^\* OK/,
  startTls: 'x STARTTLS',
  goAhead: /^x OK/,
  list: 'x CAPABILITY',
  listed: /^x OK/,
  mechanisms: / AUTH=(\S+)/g,
  begin: words('x AUTHENTICATE'),
  response: itself,
  hear: lines('+ '),
  replies: {
    ok: /^x OK /,
    refused: /^x NO \[AUTHENTICATIONFAILED\] Authentication failed$/,
    overreach: /^x NO \[AUTHORIZATIONFAILED\] /,
    cancelled: /^x BAD /,
    notBase64: /^x BAD /,
    tooLong: /^x BAD /,
    unexpected: /^x BAD /,
    unknown: /^x NO \[CANNOT\] /,
    malformed: /^x NO \[CLIENTBUG\] Malformed /,
    again: /^x BAD /,
    unavailable: /^x NO \[(UNAVAILABLE|LIMIT)\] /,
  },
};

const pop3: Protocol = {
  name: 'pop3',
  port: 'pop3',
  service: 'pop',
  program: 'pop3test',
  greeted: /^\+OK/,
  startTls: 'STLS',
  goAhead: /^\+OK/,
  list: 'CAPA',
  listed: /^\.$/,
  mechanisms: /^SASL (.+)$/gm,
  begin: words('AUTH'),
  response: itself,
  hear: lines('+ '),
  replies: {
    ok: /^\+OK /,
    refused: /^-ERR \[AUTH\] Authentication failed$/,
    overreach: /^-ERR \[AUTH\] /,
    cancelled: /^-ERR Authentication cancelled/,
    notBase64: /^-ERR Malformed response/,
    tooLong: /^-ERR Malformed response: line too long/,
    unexpected: /^-ERR Malformed response/,
    unknown: /^-ERR /,
    malformed: /^-ERR Malformed /,
    again: /^-ERR /,
    unavailable: /^-ERR \[SYS\/TEMP\] /,
  },
};

const nntp: Protocol = {
  name: 'nntp',
  port: 'nntp',
  service: 'nntp',
  program: 'nntptest',
  greeted: /^20[01] /,
  startTls: 'STARTTLS',
  goAhead: /^382 /,
  list: 'CAPABILITIES',
  listed: /^\.$/,
  mechanisms: /^SASL (.+)$/gm,
  begin: words('AUTHINFO SASL'),
  // RFC 4643 §2.4.2: also where nothing is said.
  response: (base64) => base64 || '=',
  hear: lines('383 ', /^283 (\S+)$/),
  replies: {
    ok: /^(281 |283 \S+$)/,
    refused: /^481 Authentication failed$/,
    overreach: /^481 /,
    cancelled: /^481 /,
    notBase64: /^504 /,
    tooLong: /^482 /,
    unexpected: /^482 /,
    unknown: /^503 /,
    malformed: /^482 /,
    again: /^502 /,
    unavailable: /^403 /,
  },
};

const lmtp: Protocol = {
  name: 'lmtp',
  port: 'lmtp',
  service: 'lmtp',
  program: 'lmtptest',
  hello: 'LHLO client.example',
  greeted: /^2\d\d /,
  startTls: 'STARTTLS',
  goAhead: /^220 /,
  list: 'LHLO client.example',
  listed: /^250 /,
  mechanisms: /^250.AUTH (.+)$/gm,
  begin: words('AUTH'),
  response: itself,
  hear: lines('334 '),
  replies: {
    ok: /^235 2\.7\.0 /,
    refused: /^535 5\.7\.8 Authentication failed$/,
    overreach: /^535 5\.7\.8 /,
    cancelled: /^501 5\.7\.0 /,
    notBase64: /^501 5\.5\.2 /,
    tooLong: /^500 5\.5\.6 /,
    unexpected: /^501 5\.7\.0 /,
    unknown: /^504 5\.5\.4 /,
    malformed: /^501 5\.5\.4 Malformed /,
    again: /^503 5\.5\.1 /,
    unavailable: /^454 4\.7\.0 /,
  },
};

const managesieve: Protocol = {
  name: 'managesieve',
  port: 'sieve',
  service: 'sieve',
  program: 'sivtest',
  greeted: /^OK/,
  startTls: 'STARTTLS',
  goAhead: /^OK/,
  announces: true,
  list: 'CAPABILITY',
  listed: /^OK/,
  mechanisms: /^"SASL" "(.*)"$/gm,
  begin: (mechanism, initial) =>
    `AUTHENTICATE "${mechanism}"${initial === undefined ? '' : ` ${sieveString(initial)}`}`,
  response: (base64) => sieveString(base64),
  async hear(client) {
    const line = await client.line();
    const literal = /^\{(\d+)\}$/.exec(line);
    if (literal === null) {
      const [, data] = /^OK \(SASL "(.*)"\)$/.exec(line) ?? [];
      return data === undefined ? { reply: line } : { reply: line, data };
    }
    const challenge = (await client.exactly(Number(literal[1]))).latin1Slice();
    await client.expect(/^$/);
    return { challenge };
  },
  replies: {
    ok: /^OK/,
    refused: /^NO "Authentication failed"$/,
    overreach: /^NO "Authorization failed"$/,
    cancelled: /^NO "Authentication cancelled"$/,
    notBase64: /^NO "Malformed response/,
    tooLong: /^NO /,
    unexpected: /^NO "Malformed response/,
    unknown: /^NO "Unknown/,
    malformed: /^NO "Malformed/,
    again: /^NO /,
    unavailable: /^NO \(TRYLATER\) "/,
  },
};

/** RFC 5804 §4: what is longer than 1024 octets is a literal. */
function sieveString(text: string): string {
  return text.length <= 1024 ? `"${text}"` : `{${text.length}+}\r\n${text}`;
}

export const protocols: readonly Protocol[] = [imap, pop3, nntp, lmtp, managesieve];

export interface Where {
  /** With STARTTLS, and these options. */
  readonly tls?: ConnectionOptions;
  /** The client's address: any of 127.0.0.0/8. */
  readonly from?: string;
}

/** A connection that has been greeted. */
export async function open(server: TestServer, protocol: Protocol, where: Where = {}): Promise<LineClient> {
  const client = await LineClient.connect(server.port(protocol.port), '127.0.0.1', where.from);
  await client.until(protocol.greeted);
  if (protocol.hello !== undefined) await list(client, protocol);
  if (where.tls === undefined) return client;
  client.sendLine(protocol.startTls);
  await client.expect(protocol.goAhead);
  await client.startTls(where.tls);
  if (protocol.announces) await client.until(protocol.greeted);
  if (protocol.hello !== undefined) await list(client, protocol);
  return client;
}

/** Mechanisms that are offered now. */
export async function list(client: LineClient, protocol: Protocol): Promise<string[]> {
  client.sendLine(protocol.list);
  const text = (await client.until(protocol.listed)).join('\n');
  return [...text.matchAll(protocol.mechanisms)].flatMap(([, names = '']) =>
    names.split(' ').filter(Boolean),
  );
}

/** One exchange to its end. Answers the reply. */
export async function exchange(
  client: LineClient,
  protocol: Protocol,
  mechanism: string,
  sasl: SaslClient,
  isInitial = true,
): Promise<string> {
  const initial = isInitial ? sasl.initial?.toString('base64') : undefined;
  client.sendLine(protocol.begin(mechanism, initial));
  for (;;) {
    const turn = await protocol.hear(client);
    if ('challenge' in turn) {
      const response = sasl.respond(Buffer.from(turn.challenge, 'base64'));
      client.sendLine(protocol.response(response.toString('base64')));
      continue;
    }
    if (turn.data !== undefined) sasl.respond(Buffer.from(turn.data, 'base64'));
    return turn.reply;
  }
}

/** Sends a command and these responses as they are. Answers the reply, which must come after all of them. */
export async function script(
  client: LineClient,
  protocol: Protocol,
  command: string,
  ...responses: string[]
) {
  client.sendLine(command);
  for (;;) {
    const turn = await protocol.hear(client);
    if ('reply' in turn) {
      if (responses.length > 0) throw new Error(`${turn.reply} before ${responses.join(', ').slice(0, 80)}`);
      return turn.reply;
    }
    const response = responses.shift();
    if (response === undefined) throw new Error(`asks for more than ${command}: ${turn.challenge}`);
    client.sendLine(protocol.response(response));
  }
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  maxProxyHeaderBytes,
  ProxyHeaderError,
  parseProxyHeader,
  readProxyHeader,
} from './proxy-protocol.js';

const signature = '\r\n\r\n\0\r\nQUIT\n';

function binary(command: number, family: number, addresses: Buffer, tlvs: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.from(`${signature}\0\0\0\0`, 'latin1');
  head[12] = command;
  head[13] = family;
  head.writeUInt16BE(addresses.length + tlvs.length, 14);
  return Buffer.concat([head, addresses, tlvs]);
}

const ipv4 = Buffer.from([192, 0, 2, 1, 198, 51, 100, 7, 0xdb, 0xf4, 0, 143]);
const ipv6 = Buffer.from(
  '20010db8000000000000000000000001' + '00000000000000000000ffffc6336407' + 'dbf4' + '008f',
  'hex',
);
const client = { address: '192.0.2.1', port: 56_308 };
const server = { address: '198.51.100.7', port: 143 };

const good: readonly (readonly [string, Buffer, object])[] = [
  [
    'v1 TCP4',
    Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.7 56308 143\r\n'),
    { source: client, destination: server },
  ],
  [
    'v1 TCP6',
    Buffer.from('PROXY TCP6 2001:db8::1 ::1 56308 143\r\n'),
    { source: { address: '2001:db8::1', port: 56_308 }, destination: { address: '::1', port: 143 } },
  ],
  [
    'v1 unknown',
    Buffer.from('PROXY UNKNOWN ff:: anything 1 2\r\n'),
    { source: undefined, destination: undefined },
  ],
  ['v1 bare unknown', Buffer.from('PROXY UNKNOWN\r\n'), { source: undefined, destination: undefined }],
  ['v2 IPv4', binary(0x21, 0x11, ipv4), { source: client, destination: server }],
  [
    'v2 IPv4 with TLVs',
    binary(0x21, 0x11, ipv4, Buffer.alloc(300, 4)),
    { source: client, destination: server },
  ],
  [
    'v2 IPv6',
    binary(0x21, 0x21, ipv6),
    { source: { address: '2001:db8::1', port: 56_308 }, destination: server },
  ],
  ['v2 local', binary(0x20, 0x11, ipv4), { source: undefined, destination: undefined }],
  ['v2 unspecified', binary(0x21, 0x00, Buffer.alloc(0)), { source: undefined, destination: undefined }],
  ['v2 unix', binary(0x21, 0x31, Buffer.alloc(216)), { source: undefined, destination: undefined }],
];

const bad: readonly (readonly [string, Buffer])[] = [
  ['no header', Buffer.from('GET x\r\n')],
  ['lower case', Buffer.from('proxy TCP4 192.0.2.1 198.51.100.7 1 2\r\n')],
  ['an IPv6 address as TCP4', Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\n')],
  ['a port too big', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.7 65536 2\r\n')],
  ['a port with a leading zero', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n')],
  ['no ports', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.7\r\n')],
  ['too many words', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n')],
  ['another family', Buffer.from('PROXY UDP4 192.0.2.1 198.51.100.7 1 2\r\n')],
  ['an endless line', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}`)],
  ['another version', binary(0x31, 0x11, ipv4)],
  ['another command', binary(0x22, 0x11, ipv4)],
  ['too few bytes of addresses', binary(0x21, 0x11, ipv4.subarray(0, 8))],
  ['too few bytes of IPv6', binary(0x21, 0x21, ipv4)],
  ['too long', binary(0x21, 0x11, ipv4, Buffer.alloc(60_000))],
];

describe('PROXY protocol', () => {
  for (const [what, bytes, expected] of good) {
    it(`reads ${what}, and waits for all of it`, () => {
      assert.deepEqual(parseProxyHeader(bytes), { length: bytes.length, ...expected });
      const more = Buffer.concat([bytes, Buffer.from('hello\r\n')]);
      assert.deepEqual(parseProxyHeader(more), { length: bytes.length, ...expected });
      for (let length = 0; length < bytes.length; length++) {
        assert.equal(parseProxyHeader(bytes.subarray(0, length)), 'incomplete', `${length} bytes`);
      }
    });
  }
  for (const [what, bytes] of bad) {
    it(`refuses ${what}`, () => {
      assert.equal(parseProxyHeader(bytes), 'invalid');
    });
  }

  it('never throws, and asks for no more than its bound', () => {
    const start = fc.constantFrom('', 'PROXY ', 'PROXY TCP4 ', signature, `${signature}\x21\x11`);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 5000 }), (prefix, rest) => {
        const bytes = Buffer.concat([Buffer.from(prefix, 'latin1'), rest]);
        const header = parseProxyHeader(bytes);
        if (header === 'incomplete') assert.ok(bytes.length < maxProxyHeaderBytes);
        else if (header !== 'invalid') assert.ok(header.length <= bytes.length);
      }),
    );
  });

  it('reads a header from any pieces and leaves what follows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...good),
        fc.array(fc.integer({ min: 1, max: 40 })),
        async ([, bytes, expected], sizes) => {
          const wire = Buffer.concat([bytes, Buffer.from('hello')]);
          const chunks: Buffer[] = [];
          let at = 0;
          for (const size of [...sizes, wire.length]) {
            if (at < wire.length) chunks.push(wire.subarray(at, at + size));
            at += size;
          }
          let left: Buffer = Buffer.alloc(0);
          const input = {
            readSome: async () => chunks.shift(),
            unread: (rest: Buffer) => {
              left = rest;
            },
          };
          const header = await readProxyHeader(input);
          assert.deepEqual(header, { length: bytes.length, ...expected });
          assert.equal(Buffer.concat([left, ...chunks]).toString(), 'hello');
        },
      ),
    );
  });

  it('tells a header that ends early', async () => {
    const chunks = [Buffer.from('PROXY TC')];
    const input = { readSome: async () => chunks.shift(), unread: () => {} };
    await assert.rejects(readProxyHeader(input), ProxyHeaderError);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Exchange, type Mail, SearchServer, talk } from './server.test.support.js';

interface Given {
  readonly id?: string;
  readonly references?: string;
  readonly inReplyTo?: string;
  readonly day?: number;
  readonly subject?: string;
  readonly arrived?: number;
}

const two = (n: number): string => String(n).padStart(2, '0');

function mail({ id, references, inReplyTo, day = 1, subject = '', arrived = 1 }: Given): Mail {
  const field = (name: string, value: string | undefined): string =>
    value === undefined ? '' : `${name}: ${value}\n`;
  return {
    date: `${two(arrived)}-Jan-2021 00:00:00 +0000`,
    text: `${field('Message-ID', id && `<${id}>`)}${field('References', references)}${field('In-Reply-To', inReplyTo)}Subject: ${subject}\nDate: ${day} Jan 2020 00:00:00 +0000\n\n\n`,
  };
}

const tables: readonly {
  readonly what: string;
  readonly mails: readonly Given[];
  readonly talk: readonly Exchange[];
}[] = [
  {
    what: 'replies, siblings by sent date, a dummy for two of one lost parent',
    mails: [
      { id: 'a1@x', day: 1, arrived: 10 },
      { id: 'a2@x', references: '<a1@x>', day: 20, arrived: 2 },
      { id: 'b1@x', day: 5, arrived: 5 },
      { id: 'c1@x', day: 25, arrived: 1 },
      { id: 'd1@x', references: '<dx@x>', day: 4, arrived: 20 },
      { id: 'd2@x', references: '<dx@x>', day: 3, arrived: 3 },
      { id: 'a3@x', references: '<a1@x>', day: 15, arrived: 4 },
    ],
    talk: [
      ['THREAD REFERENCES UTF-8 ALL', ['THREAD (1 (7)(2))((6)(5))(3)(4)']],
      ['THREAD REFS UTF-8 ALL', ['THREAD (4)(3)(1 (7)(2))((6)(5))']],
      ['UID THREAD REFERENCES UTF-8 2:3', ['THREAD (3)(2)']],
      ['THREAD REFERENCES UTF-8 SEEN', ['THREAD']],
    ],
  },
  {
    what: 'subjects bring threads together (RFC 5256 §3 step 5)',
    mails: [
      { id: '1@x', subject: 'one', day: 1 },
      { id: '2@x', subject: 'Re: one', day: 2 },
      { id: '3@x', subject: 'two', day: 3 },
      { id: '4@x', subject: 'two', day: 4 },
      { id: '5@x', subject: 'Fwd: three', day: 5 },
      { id: '6@x', subject: 'three', day: 6 },
      { id: '7@x', subject: '', day: 7 },
      { id: '8@x', subject: 'Re: ', day: 8 },
      { id: '9@x', references: '<lost@x>', subject: 'two', day: 9 },
      { id: '10@x', references: '<lost@x>', subject: 'Re: two', day: 10 },
    ],
    talk: [
      ['THREAD REFERENCES UTF-8 ALL', ['THREAD (1 2)((3)(4)(9)(10))(6 5)(7)(8)']],
      ['THREAD ORDEREDSUBJECT UTF-8 ALL', ['THREAD (1 2)(3 (4)(9)(10))(5 6)(7 8)']],
      ['THREAD REFS UTF-8 1:2', ['THREAD (1)(2)']],
    ],
  },
  {
    what: 'no Message-ID, the same one twice, In-Reply-To, loops',
    mails: [
      { day: 1, subject: 'a' },
      { day: 2, subject: 'b', references: '<p@x>' },
      { id: 'p@x', day: 3, subject: 'c' },
      { id: 'p@x', day: 4, subject: 'd' },
      { id: 'q@x', day: 5, subject: 'e', inReplyTo: 'your message <p@x> of <other@x>' },
      { id: 'r@x', day: 6, subject: 'f', references: '<s@x>' },
      { id: 's@x', day: 7, subject: 'g', references: '<r@x>' },
      { id: 't@x', day: 8, subject: 'h', references: '<t@x>' },
    ],
    talk: [['THREAD REFERENCES UTF-8 ALL', ['THREAD (1)(3 (2)(5))(4)(7 6)(8)']]],
  },
  {
    what: 'chains through lost messages; a parent that is told later wins',
    mails: [
      { id: '1@x', references: '<a@x> <b@x> <c@x>', day: 1, subject: 'a' },
      { id: '2@x', references: '<a@x> <b@x>', day: 2, subject: 'b' },
      { id: 'c@x', references: '<z@x>', day: 3, subject: 'c' },
    ],
    talk: [['THREAD REFERENCES UTF-8 ALL', ['THREAD (2)(3 1)']]],
  },
];

for (const { what, mails, talk: exchanges } of tables) {
  test(`THREAD: ${what}`, async () => {
    await using server = await SearchServer.start();
    await talk(await server.selected(mails.map(mail)), exchanges);
  });
}

test('what is no THREAD', async () => {
  await using server = await SearchServer.start();
  await talk(await server.selected([]), [
    ['THREAD REFERENCES UTF-8 ALL', ['THREAD']],
    ['THREAD NOSUCH UTF-8 ALL', [], /^BAD/],
    ['THREAD REFERENCES ALL', [], /^BAD/],
    ['THREAD', [], /^BAD/],
    ['THREAD REFERENCES X-NONE ALL', [], /^NO \[BADCHARSET/],
  ]);
});

/** The algorithm of RFC 5256 §3 as it is written there, on objects and with recursion. */
interface Node {
  readonly message: number;
  parent: Node | undefined;
  children: Node[];
}

interface Graph {
  readonly day: number;
  readonly subject: number;
  readonly isReply: boolean;
  readonly references: readonly number[];
}

function model(graphs: readonly Graph[]): string {
  const byId = new Map<number, Node>();
  const all: Node[] = [];
  const nodeOf = (id: number): Node => {
    let node = byId.get(id);
    if (node === undefined) {
      // Identifiers are message numbers; those above are of lost messages.
      node = { message: -1, parent: undefined, children: [] };
      byId.set(id, node);
      all.push(node);
    }
    return node;
  };
  const isBelow = (node: Node, top: Node): boolean => {
    for (let up: Node | undefined = node; up !== undefined; up = up.parent) if (up === top) return true;
    return false;
  };
  const link = (parent: Node, child: Node): void => {
    if (isBelow(parent, child)) return;
    child.parent = parent;
    parent.children.push(child);
  };
  graphs.forEach(({ references }, id) => {
    const node = nodeOf(id);
    Object.assign(node, { message: id });
    let last: Node | undefined;
    for (const reference of references) {
      const next = nodeOf(reference);
      if (last !== undefined && next.parent === undefined) link(last, next);
      last = next;
    }
    if (node.parent !== undefined) {
      node.parent.children = node.parent.children.filter((child) => child !== node);
      node.parent = undefined;
    }
    if (last !== undefined) link(last, node);
  });
  const prune = (nodes: readonly Node[], isTop: boolean): Node[] =>
    nodes.flatMap((node) => {
      node.children = prune(node.children, false);
      if (node.message >= 0) return [node];
      if (node.children.length === 0) return [];
      return isTop && node.children.length > 1 ? [node] : node.children;
    });
  let roots = prune(
    all.filter(({ parent }) => parent === undefined),
    true,
  );
  const standIn = (node: Node): Node => (node.message >= 0 ? node : node.children[0]!);
  const byDate = (a: Node, b: Node): number => {
    const [x, y] = [standIn(a).message, standIn(b).message];
    return graphs[x]!.day - graphs[y]!.day || x - y;
  };
  for (const root of roots) if (root.message < 0) root.children.sort(byDate);
  roots.sort(byDate);
  const isReply = (node: Node): boolean => graphs[node.message]!.isReply;
  const subjectOf = (node: Node): number => graphs[standIn(node).message]!.subject;
  const table = new Map<number, Node>();
  for (const root of roots) {
    const subject = subjectOf(root);
    if (subject === 0) continue;
    const held = table.get(subject);
    if (held === undefined) table.set(subject, root);
    else if (held.message >= 0 && (root.message < 0 || (isReply(held) && !isReply(root))))
      table.set(subject, root);
  }
  for (const root of [...roots]) {
    const subject = subjectOf(root);
    const held = table.get(subject);
    if (subject === 0 || held === undefined || held === root) continue;
    if (held.message < 0 && root.message < 0) held.children.push(...root.children);
    else if (held.message < 0 || (root.message >= 0 && isReply(root) && !isReply(held)))
      held.children.push(root);
    else {
      const dummy: Node = { message: -1, parent: undefined, children: [root, held] };
      table.set(subject, dummy);
      roots.push(dummy);
      roots = roots.filter((node) => node !== held);
    }
    roots = roots.filter((node) => node !== root);
  }
  const sort = (nodes: Node[]): void => {
    for (const { children } of nodes) sort(children);
    nodes.sort(byDate);
  };
  sort(roots);
  const write = (node: Node): string => {
    const own = node.message >= 0 ? `${node.message + 1}` : '';
    if (node.children.length === 0) return own;
    const rest =
      node.children.length === 1
        ? write(node.children[0]!)
        : node.children.map((child) => `(${write(child)})`).join('');
    return own === '' ? rest : `${own} ${rest}`;
  };
  return roots.map((root) => `(${write(root)})`).join('');
}

test('property: REFERENCES is what the RFC says, word by word', async () => {
  await using server = await SearchServer.start();
  const client = await server.loggedIn();
  const graph = fc.record({
    day: fc.integer({ min: 1, max: 6 }),
    subject: fc.nat(4),
    isReply: fc.boolean(),
    references: fc.uniqueArray(fc.nat(14), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(graph, { minLength: 1, maxLength: 10 }), async (graphs) => {
      await client.ok('CREATE INBOX.t');
      for (const [id, { day, subject, isReply, references }] of graphs.entries()) {
        const text = mail({
          id: `${id}@x`,
          day,
          subject: subject === 0 ? '' : `${isReply ? 'Re: ' : ''}s${subject}`,
          ...(references.length > 0 && { references: references.map((to) => `<${to}@x>`).join(' ') }),
        });
        await client.append('INBOX.t', text.text.replace(/\n/g, '\r\n'));
      }
      await client.ok('SELECT INBOX.t');
      const { untagged } = await client.ok('THREAD REFERENCES UTF-8 ALL');
      await client.ok('CLOSE');
      await client.ok('DELETE INBOX.t');
      assert.equal(untagged[0], `THREAD ${model(graphs)}`);
    }),
    { numRuns: 150 },
  );
});

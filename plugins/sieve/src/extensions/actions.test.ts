// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Sieve
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileScript } from '../compiler/compiler.js';
import { language, requireAll, trial } from '../trial.test.support.js';

/** Actions in short, and whether the implicit keep is left. */
async function outcome(script: string, options = {}) {
  const run = await trial(`${requireAll}\r\n${script}`, options);
  const actions = run.actions.map((action) => {
    if (action.is === 'fileinto') return `fileinto ${action.mailbox}${action.create ? ' create' : ''}`;
    if (action.is === 'redirect') return `redirect ${action.address}`;
    return action.is;
  });
  return [...actions, ...(run.hasImplicitKeep ? ['implicit keep'] : [])].join(', ');
}

test('the implicit keep, and what ends it (RFC 5228 §2.10.2, RFC 3894)', async () => {
  assert.equal(await outcome(''), 'implicit keep');
  assert.equal(await outcome('keep;'), 'keep');
  assert.equal(await outcome('discard;'), 'discard');
  assert.equal(await outcome('fileinto "a";'), 'fileinto a');
  assert.equal(await outcome('fileinto :copy :create "a";'), 'fileinto a create, implicit keep');
  assert.equal(
    await outcome('redirect :copy "a@b.example"; stop; discard;'),
    'redirect a@b.example, implicit keep',
  );
  assert.equal(await outcome('vacation "away";'), 'vacation, implicit keep');
});

test('the example of RFC 5228 §9', async () => {
  const script = `
    if header :is "Sender" "owner-ietf-mta-filters@imc.org" { fileinto "filter"; }
    elsif address :DOMAIN :is ["From", "To"] "example.com" { keep; }
    elsif anyof (NOT address :all :contains ["To", "Cc", "Bcc"] "me@example.com",
                 header :matches "subject" ["*make*money*fast*", "*university*dipl*mas*"]) { fileinto "spam"; }
    else { fileinto "personal"; }`;
  assert.equal(await outcome(script), 'fileinto spam');
  assert.equal(
    await outcome(script, { message: 'Sender: owner-ietf-mta-filters@imc.org\r\n\r\n' }),
    'fileinto filter',
  );
  assert.equal(await outcome(script, { message: 'From: x@example.com\r\n\r\n' }), 'keep');
  assert.equal(
    await outcome(script, { message: 'From: x@y.z\r\nCc: me@example.com\r\nSubject: hi\r\n\r\n' }),
    'fileinto personal',
  );
});

test('variables (RFC 5229)', async () => {
  const value = async (script: string) => {
    const run = await trial(`${requireAll}\r\n${script} fileinto "-\${v}-";`);
    const [action] = run.actions;
    return action?.is === 'fileinto' ? action.mailbox : undefined;
  };
  assert.equal(await value('set "v" "x";'), '-x-');
  assert.equal(await value('set "V" "juMBlEd"; set :upperfirst :lower "v" "${v}";'), '-Jumbled-');
  assert.equal(await value('set :quotewildcard "v" "Rock*?\\\\";'), '-Rock\\*\\?\\\\-');
  assert.equal(await value('set :length "v" "äöü";'), '-3-');
  assert.equal(
    await value('if header :matches "Subject" "*have a *" { set "v" "${2}"; }'),
    '-present for you-',
  );
  assert.equal(
    await value('if address :matches "cc" "*+*@*.*" { set "v" "${1}/${2}/${3}/${4}/${5}"; }'),
    '-bugs/carrots/acme/example.com/-',
  );
  assert.equal(
    await value('if string :matches "abcabc" "*b*" { set "v" "${1}|${2}|${0}"; }'),
    '-a|cabc|abcabc-',
  );
  assert.equal(await value('set "v" "${unknown}${ v }$\\{v}";'), '-${ v }-');
  assert.equal(await value('set "v" "${hex:40}${unicode:20AC 41}${hex:zz}";'), '-@€A${hex:zz}-');
  assert.equal(await value('set "v" "$${hex:24}";'), '-$$-');
});

test('imap4flags (RFC 5232)', async () => {
  const run = await trial(
    `${requireAll} setflag "\\\\Seen \\\\flagged"; addflag ["$Junk", "\\\\SEEN"]; removeflag "\\\\Flagged";
     if hasflag :contains "junk" { fileinto "a"; } keep :flags "\\\\Answered bad{flag good";
     addflag "mine" "x y"; if hasflag "mine" "y" { fileinto :flags "\${mine}" "b"; }`,
  );
  assert.deepEqual(run.flags, ['\\Seen', '$Junk']);
  const flags = run.actions.map((action) =>
    'flags' in action ? [action.flags.system, ...action.flags.keywords] : [],
  );
  assert.deepEqual(flags, [
    [1, '$Junk'],
    [2, 'good'],
    [0, 'x', 'y'],
  ]);
});

test('ihave: what is missing is a mistake only where the script comes to it (RFC 5463)', async () => {
  const script = 'require "ihave"; if ihave "vnd.none" { frob "x"; stop; } else { keep; }';
  assert.equal((await trial(script)).actions[0]?.is, 'keep');
  const run = await trial('require "ihave"; if ihave "fileinto" { fileinto "x"; }');
  assert.equal(run.actions[0]?.is, 'fileinto');
  await assert.rejects(trial('require "ihave"; if not ihave "vnd.none" { frob; }'), /unknown command "frob"/);
  await assert.rejects(trial('require "ihave"; error "no luck";'), /no luck/);
  for (const test of [
    'allof(ihave "vnd.none", frob "x")',
    'not anyof(not ihave "vnd.none", frob)',
    'not true {} elsif ihave "vnd.none" {} elsif false {} elsif not true {} elsif not ihave "variables"',
  ])
    assert.equal(
      (await trial(`require "ihave"; if ${test} { keep; } else { discard; }`)).actions.length,
      1,
      test,
    );
  const first = 'require "ihave"; if not ihave "vnd.none" { keep; } elsif frob "x" { discard; }';
  assert.equal((await trial(first)).actions[0]?.is, 'keep');
});

test('ihave: what changes the meaning of strings cannot be had in passing (RFC 5463 §4)', async () => {
  for (const [name, expected] of [
    ['variables', 'discard'],
    ['encoded-character', 'discard'],
    ['fileinto', 'keep'],
  ] as const) {
    const run = await trial(`require "ihave"; if ihave "${name}" { keep; } else { discard; }`);
    assert.equal(run.actions[0]?.is, expected, name);
  }
});

test('include: scopes, globals, return, once, loops (RFC 6609)', async () => {
  const scripts: Record<string, string> = {
    a: 'require ["include", "variables", "fileinto"]; global "g"; set "l" "inner"; set "g" "given"; return; fileinto "never";',
    loop: 'require "include"; include "loop";',
    stop: 'stop;',
  };
  const world = {
    program: async (_location: string, name: string) =>
      scripts[name] === undefined ? undefined : compileScript(Buffer.from(scripts[name]), language).program,
  };
  const script =
    'set "l" "outer"; include "a"; fileinto "${l} ${global.g}"; include :optional "none"; include :once "a";';
  assert.equal(await outcome(script, { world }), 'fileinto outer given');
  assert.equal(await outcome('include "stop"; discard;', { world }), 'implicit keep');
  await assert.rejects(outcome('include "loop";', { world }), /includes itself/);
  await assert.rejects(outcome('include "none";', { world }), /no script "none"/);
});

test('bounds: a script can neither hang nor grow the server', async () => {
  const message = `Subject: ${'a'.repeat(60_000)}\r\n\r\n`;
  const doubling = 'set "a" "xxxxxxxxxxxxxxxx"; '.concat('set "a" "${a}${a}${a}${a}"; '.repeat(200));
  const run = await trial(`${requireAll} ${doubling}`);
  assert.equal(run.variable('a').length, 8192);
  const hostile = `${requireAll} ${`if header :matches "subject" "*${'a?'.repeat(400)}b*${'a?'.repeat(400)}b*" { stop; } `.repeat(60)}`;
  await assert.rejects(trial(hostile, { message }), /too many steps/);
  await assert.rejects(trial(`${requireAll} ${'redirect "a@b.example"; '.repeat(5)}`), /too many redirects/);
  await assert.rejects(trial(`${requireAll} ${'fileinto "x"; '.repeat(65)}`), /too many actions/);
});

test('duplicate: remembered at the end only, by field, id and handle (RFC 7352)', async () => {
  const script =
    'if duplicate { discard; } if duplicate :handle "h" :header "x-number" :seconds 60 { discard; }';
  const run = await trial(`${requireAll} ${script}`);
  const [a, b] = run.actions;
  assert.ok(a?.is === 'remember' && b?.is === 'remember' && a.key !== b.key && b.seconds === 60);
  assert.equal(
    await outcome('if duplicate { discard; }', { world: { wasSeen: async () => true } }),
    'discard',
  );
  assert.equal(
    await outcome('if duplicate :header "x-none" { discard; }', { world: { wasSeen: async () => true } }),
    'implicit keep',
  );
});

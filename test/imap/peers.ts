/**
 * The rules against another server, by hand: `node test/dist/imap/peers.js NAME HOST PORT USER PASSWORD [PATTERN]`. Prints what it does
 * otherwise, with the reason where the rule gives one. With SECOND and ADMIN in the environment (names of users with the same password)
 * also the rules that need these.
 */
import { allRules } from './rules.js';
import { runRule, type Verdict } from './transcript/run.js';

const [name = '', host = '', port = '', user = '', password = '', pattern = ''] = process.argv.slice(2);
if (password === '') {
  process.stderr.write('usage: peers.js NAME HOST PORT USER PASSWORD [PATTERN]\n');
  process.exit(2);
}

const { SECOND, ADMIN } = process.env;
const others = {
  ...(SECOND === undefined ? {} : { second: { user: SECOND, password } }),
  ...(ADMIN === undefined ? {} : { admin: { user: ADMIN, password } }),
};
const counts = { kept: 0, lacks: 0, broken: 0, explained: 0 };
for (const rule of allRules()) {
  const title = `${rule.file}:${rule.at} [${rule.source}] ${rule.title}`;
  if (!title.includes(pattern)) continue;
  const target = { host, port: Number(port), user, password, ...others };
  const verdict = await runRule(rule, target).catch(
    (error: Error): Verdict => ({ is: 'broken', at: rule.at, why: error.message }),
  );
  const why = rule.differs.get(name);
  if (verdict.is === 'broken' && why !== undefined) counts.explained++;
  else counts[verdict.is]++;
  if (verdict.is !== 'broken') continue;
  console.log(`${title}\n    line ${verdict.at}: ${verdict.why.slice(0, 500)}\n    ${why ?? 'UNEXPLAINED'}`);
}
console.log(
  `${name}: ${counts.kept} kept, ${counts.lacks} not offered, ${counts.explained} explained, ${counts.broken} unexplained`,
);

/** Walks the way of a login and notes who said what. */
import type {
  Account,
  AccountSource,
  AdminScope,
  AppPasswordCheck,
  AuthAttempt,
  AuthContext,
  Identity,
  PasswordContext,
  PasswordGate,
  PasswordSource,
  Registry,
  SaslMechanism,
  UserId,
} from '@angarium/sdk';
import type { Administrators } from '../administrators.js';
import type { Mechanisms } from '../mechanisms.js';
import { verifyAsApp } from '../passwords.js';
import { askSources, describe } from './secret-checks.js';

export interface Step {
  /** Who answered: `accounts local`, `passwords local`, `mechanism PLAIN`, `policies`. */
  readonly asked: string;
  readonly answer: string;
}

export interface Diagnosis {
  readonly user: UserId;
  readonly service: string;
  readonly mechanism: string;
  /** Null: no password was given, so it stays open. */
  readonly succeeds: boolean | null;
  readonly reason: string;
  readonly steps: readonly Step[];
  readonly groups: readonly string[];
  readonly admin: AdminScope;
  /** Each mechanism, and why it is not offered; null: it is. */
  readonly mechanisms: readonly { readonly name: string; readonly whyNot: string | null }[];
}

export interface DiagnosisEnvironment {
  readonly mechanisms: Mechanisms;
  readonly accountSources: Registry<AccountSource>;
  readonly passwordSources: Registry<PasswordSource>;
  readonly gates: Registry<PasswordGate>;
  readonly appChecks: Registry<AppPasswordCheck>;
  readonly administrators: Administrators;
  /** `auth.attempting`. @throws what a tap throws. */
  attempting(attempt: AuthAttempt): Promise<void>;
  /** `auth.authorising`. @throws what a tap throws. */
  authorising(attempt: AuthAttempt, identity: Identity): Promise<void>;
}

export interface Question {
  readonly user: UserId;
  readonly context: AuthContext;
  /** Undefined: the best that takes a password. */
  readonly mechanism: string | undefined;
  readonly password: string | undefined;
  readonly actAs: UserId | undefined;
}

/** Mechanisms whose secret is no password of ours cannot be tried from here. */
const withoutPassword: Readonly<Record<string, string>> = {
  EXTERNAL: 'it takes a TLS client certificate, which a test from here does not have',
  ANONYMOUS: 'it asks for no password: anybody comes in as anonymous',
  OAUTHBEARER: 'it takes tokens of the authorization server, not passwords',
  XOAUTH2: 'it takes tokens of the authorization server, not passwords',
  GSSAPI: 'it takes Kerberos tickets, not passwords',
};

const appTexts: Readonly<Record<string, string>> = {
  none: 'it is none of them',
  expired: 'it is one of them, and has expired',
  'other-service': 'it is one of them, and not for this service',
};

export async function diagnose(question: Question, environment: DiagnosisEnvironment): Promise<Diagnosis> {
  return new Walk(question, environment).run();
}

class Walk {
  private readonly steps: Step[] = [];

  constructor(
    private readonly question: Question,
    private readonly environment: DiagnosisEnvironment,
  ) {}

  async run(): Promise<Diagnosis> {
    const { mechanisms, administrators } = this.environment;
    const { user, context, password } = this.question;
    const all = mechanisms.all;
    const wanted = this.wanted(all);
    const account = await this.account(user);
    const reasons = [
      this.mechanismReason(wanted),
      await this.policyReason(wanted),
      typeof account === 'string' ? account : undefined,
      typeof wanted === 'string' ? undefined : await this.secretReason(wanted),
      await this.identityReason(wanted, account),
    ].filter((reason) => reason !== undefined);
    const isOpen = reasons.length === 0 && password === undefined;
    return {
      user,
      service: context.service,
      mechanism: typeof wanted === 'string' ? wanted : wanted.name,
      succeeds: isOpen ? null : reasons.length === 0,
      reason:
        reasons[0] ?? (isOpen ? 'nothing is in the way; give the password to try it' : 'the login works'),
      steps: this.steps,
      groups: typeof account === 'string' ? [] : account.groups,
      admin: administrators.scopeOf(user),
      mechanisms: all.map((mechanism) => ({
        name: mechanism.name,
        whyNot: mechanisms.whyNot(mechanism, context) ?? null,
      })),
    };
  }

  /** The mechanism, or the name of one that nobody brings. */
  private wanted(all: readonly SaslMechanism[]): SaslMechanism | string {
    const name = this.question.mechanism?.toUpperCase();
    if (name !== undefined) return all.find((mechanism) => mechanism.name === name) ?? name;
    const offered = all.filter(
      (item) => this.environment.mechanisms.whyNot(item, this.question.context) === undefined,
    );
    const isPassword = ({ name: each }: SaslMechanism) => !(each in withoutPassword);
    const isWhole = (mechanism: SaslMechanism) => isPassword(mechanism) && mechanism.needs === undefined;
    return offered.find(isWhole) ?? offered.find(isPassword) ?? all.find(isPassword) ?? 'PLAIN';
  }

  private mechanismReason(wanted: SaslMechanism | string): string | undefined {
    if (typeof wanted === 'string') {
      return this.note(`mechanism ${wanted}`, 'no enabled plugin brings it', true);
    }
    const { mechanisms } = this.environment;
    const whyNot = mechanisms.whyNot(wanted, this.question.context);
    const asked = `mechanism ${wanted.name}`;
    if (whyNot !== undefined) return this.note(asked, `not offered on this connection: ${whyNot}`, true);
    return this.note(asked, 'offered on this connection', false);
  }

  /** What plugins that block addresses or accounts say. */
  private async policyReason(wanted: SaslMechanism | string): Promise<string | undefined> {
    try {
      await this.environment.attempting(this.attempt(wanted));
      return this.note('policies', 'nothing against it', false);
    } catch (error) {
      return this.note('policies', `refused before the password is looked at: ${describe(error)}`, true);
    }
  }

  /** What plugins say to somebody who has proven who he is; told only if they refuse. */
  private async authorisingReason(
    wanted: SaslMechanism | string,
    account: Account,
  ): Promise<string | undefined> {
    const attempt = this.attempt(wanted);
    const { user, groups } = account;
    const admin = this.environment.administrators.scopeOf(user);
    try {
      const { mechanism } = attempt;
      await this.environment.authorising(attempt, { user, groups, admin, mechanism, isAnonymous: false });
      return undefined;
    } catch (error) {
      return this.note('policies', `refused though the password is right: ${describe(error)}`, true);
    }
  }

  private attempt(wanted: SaslMechanism | string): AuthAttempt {
    const { user, context } = this.question;
    const { connection, service } = context;
    return {
      service,
      mechanism: typeof wanted === 'string' ? wanted : wanted.name,
      remoteAddress: connection.remote.address,
      session: connection.id,
      isSecured: connection.tls !== undefined,
      user,
      isTrial: true,
    };
  }

  /** The account, or why there is none to log in to. */
  private async account(user: UserId): Promise<Account | string> {
    const sources = this.environment.accountSources.items;
    for (const source of sources) {
      const asked = `accounts ${source.name}`;
      try {
        const account = await source.find(user);
        if (account === undefined) {
          this.note(asked, 'it does not know the user', false);
          continue;
        }
        const groups = account.groups.length === 0 ? '' : `, groups ${account.groups.join(', ')}`;
        this.note(asked, `there is an account${account.isDisabled ? ', disabled' : ''}${groups}`, false);
        return account.isDisabled ? `the account ${user} is disabled` : account;
      } catch (error) {
        this.note(asked, `it cannot answer: ${describe(error)}`, false);
        return `accounts ${source.name} cannot answer: ${describe(error)}`;
      }
    }
    return sources.length === 0 ? 'no plugin brings accounts' : `no source knows an account ${user}`;
  }

  private async secretReason(mechanism: SaslMechanism): Promise<string | undefined> {
    const { user, password, context } = this.question;
    if (password === undefined) return undefined;
    const other = withoutPassword[mechanism.name];
    if (other !== undefined) return this.note(`mechanism ${mechanism.name}`, other, true);
    if (password === '') return this.note('passwords', 'an empty password is never right', true);
    const where = { service: context.service, remoteAddress: context.connection.remote.address };
    const refusal = await this.gateReason(where);
    if (mechanism.needs !== undefined) {
      if (refusal !== undefined) return `${refusal}, and ${mechanism.name} cannot take these`;
      return this.ownPasswordReason(mechanism, password, where);
    }
    const asApp = await verifyAsApp(this.environment.appChecks, user, password, where).catch(describe);
    if (asApp === 'right') return this.note('application passwords', 'it is one of them', false);
    const appReason =
      asApp === 'none' && refusal === undefined
        ? undefined
        : this.note('application passwords', appTexts[asApp] ?? `they cannot be asked: ${asApp}`, true);
    if (refusal !== undefined || (appReason !== undefined && asApp !== 'other-service')) return appReason;
    const ownReason = await this.ownPasswordReason(mechanism, password, where);
    return ownReason === undefined ? undefined : (appReason ?? ownReason);
  }

  private async ownPasswordReason(
    mechanism: SaslMechanism,
    password: string,
    where: PasswordContext,
  ): Promise<string | undefined> {
    const sources = this.environment.passwordSources.items;
    const answers = await askSources(sources, mechanism, this.question.user, password, where);
    for (const { source, text } of answers) this.note(`passwords ${source}`, text, false);
    const last = answers.at(-1);
    if (last?.verdict === 'right') return undefined;
    if (last === undefined) return 'no plugin brings passwords';
    if (last.verdict !== 'unknown') return `passwords ${last.source}: ${last.text}`;
    return mechanism.needs === undefined
      ? 'no source of passwords takes it'
      : 'no password source can check this user with this mechanism';
  }

  /** Why the user's own password is not enough. */
  private async gateReason(where: PasswordContext): Promise<string | undefined> {
    for (const gate of this.environment.gates.items) {
      const reason = await gate.refuses(this.question.user, where).catch(describe);
      if (reason !== undefined) return this.note('policies', reason, true);
    }
    return undefined;
  }

  /** May he be whom he wants to be, and may that one come in? */
  private async identityReason(
    wanted: SaslMechanism | string,
    account: Account | string,
  ): Promise<string | undefined> {
    const { user, actAs } = this.question;
    if (actAs === undefined || actAs === user) {
      return typeof account === 'string' ? undefined : this.authorisingReason(wanted, account);
    }
    if (!this.environment.administrators.mayActAs(user, actAs)) {
      return this.note('administrators', `${user} may not act as ${actAs}`, true);
    }
    this.note('administrators', `${user} may act as ${actAs}`, false);
    const other = await this.account(actAs);
    return typeof other === 'string' ? other : this.authorisingReason(wanted, other);
  }

  private note(asked: string, answer: string, isReason: boolean): string | undefined {
    this.steps.push({ asked, answer });
    return isReason ? `${asked}: ${answer}` : undefined;
  }
}

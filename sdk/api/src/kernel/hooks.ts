/**
 * The hook bus. The catalogue is closed and typed: the interface `Hooks` (extended by declaration merging)
 * gives names and arguments, `hookCatalogue` (and a plugin's `hooks`) gives kinds at run time; tapping an
 * unknown name throws at once.
 */
import { type Contract, contract } from '../di.js';

/**
 * - veto: before something happens; taps run one after another, a throw (MailError) stops it.
 * - observe: after something happened; a failing tap is logged with its plugin and harms nobody.
 * - answer: taps are asked one after another, the first answer that is not undefined is taken.
 */
export type HookKind = 'veto' | 'observe' | 'answer';

/** Type of a hook of kind 'veto'. */
export interface VetoHook<A extends readonly unknown[]> {
  readonly kind: 'veto';
  readonly args: A;
  readonly result: void;
}
/** Type of a hook of kind 'observe'. */
export interface ObserveHook<A extends readonly unknown[]> {
  readonly kind: 'observe';
  readonly args: A;
  readonly result: void;
}
/** Type of a hook of kind 'answer'. */
export interface AnswerHook<A extends readonly unknown[], R> {
  readonly kind: 'answer';
  readonly args: A;
  readonly result: R | undefined;
}

/** name → VetoHook | ObserveHook | AnswerHook. Families are in sdk/api/src/hooks. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface Hooks {}

/** Names in the catalogue. */
export type HookName = keyof Hooks & string;
type ArgsOf<N extends HookName> = Hooks[N] extends { args: infer A extends readonly unknown[] } ? A : never;
type ResultOf<N extends HookName> = Hooks[N] extends { result: infer R } ? R : never;

/** The function that a plugin taps a hook with; sync or async, always awaited. */
export type Tap<N extends HookName> = (...args: ArgsOf<N>) => ResultOf<N> | Promise<ResultOf<N>>;

/** Order among the taps of a hook. Equal stages keep the plugins' start order. */
export type Stage = 'first' | 'early' | 'normal' | 'late' | 'last';

/** Where plugins tap hooks and get the handles to call them. */
export interface HookBus {
  /** @throws Error on a name that is in no catalogue. */
  tap<N extends HookName>(name: N, run: Tap<N>, options?: { readonly stage?: Stage }): Disposable;
  /** Fetch once, at start, and keep: nothing is looked up per call. */
  hook<N extends HookName>(name: N): HookHandle<N>;
}

/** A hook, ready to be called. */
export interface HookHandle<N extends HookName> {
  /** False: nobody listens; do not even build the arguments. */
  readonly isTapped: boolean;
  /** Undefined at once, without a promise, when nobody taps. */
  call(...args: ArgsOf<N>): Promise<ResultOf<N>> | undefined;
}

/** Each plugin gets its own view of the bus, so that its taps carry its name. */
export const HOOKS: Contract<HookBus> = contract('hooks', 1);

/** Run-time half of the catalogue: filled by the families in sdk/api/src/hooks. */
export const hookCatalogue: Record<string, { readonly kind: HookKind; readonly summary: string }> = {};

/** Declares a family of hooks; the keys must be those that the family merged into `Hooks`. */
export function declareHooks(
  family: { readonly [N in HookName]?: { kind: Hooks[N]['kind']; summary: string } },
): void {
  Object.assign(hookCatalogue, family);
}

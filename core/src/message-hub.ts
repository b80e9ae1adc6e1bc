/**
 * Messages between the members of one process: each kernel is a member. The bus of a lone process has one
 * member and therefore delivers to nobody; between processes the workers' bus takes this one's place.
 */
import { disposable, type MessageBus } from '@angarium/sdk';

type Listener = (payload: unknown) => void;

class Member implements MessageBus {
  readonly listeners = new Map<string, Set<Listener>>();

  constructor(private readonly hub: MessageHub) {}

  publish(topic: string, payload: unknown): void {
    this.hub.post(this, topic, payload);
  }

  subscribe(topic: string, listener: Listener): Disposable {
    const listeners = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, listeners.add(listener));
    return disposable(() => {
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(topic);
    });
  }
}

/** Delivers in order, in a later turn, what the sender published in this one; payloads are copied as JSON. */
export class MessageHub {
  private readonly members: Member[] = [];
  private waiting: { from: Member; topic: string; json: string }[] = [];

  constructor(private readonly onError: (error: unknown, topic: string) => void = () => {}) {}

  join(): MessageBus {
    const member = new Member(this);
    this.members.push(member);
    return member;
  }

  post(from: Member, topic: string, payload: unknown): void {
    if (this.members.length < 2) return;
    if (this.waiting.length === 0) setImmediate(() => this.deliver());
    this.waiting.push({ from, topic, json: JSON.stringify(payload) ?? 'null' });
  }

  private deliver(): void {
    const batch = this.waiting;
    this.waiting = [];
    for (const { from, topic, json } of batch) {
      for (const member of this.members) {
        if (member !== from) this.deliverTo(member, topic, json);
      }
    }
  }

  private deliverTo(member: Member, topic: string, json: string): void {
    for (const listener of member.listeners.get(topic) ?? []) {
      try {
        listener(JSON.parse(json));
      } catch (error) {
        this.onError(error, topic);
      }
    }
  }
}

/** The bus of a process that has no others beside it. */
export function lonelyBus(): MessageBus {
  return new MessageHub().join();
}

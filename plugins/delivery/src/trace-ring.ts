import type { DeliveryEnvelope, DeliveryTraceLine, Recipient } from '@angarium/sdk';
import { describeOutcome } from './stages.js';

/** What became of a message for one recipient. */
export interface DeliveryTrace {
  readonly timeMs: number;
  readonly session: string;
  readonly via: string;
  readonly sender: string;
  readonly recipient: string;
  /** First octets of the message's hash; absent when it was refused before there was one. */
  readonly message: string | undefined;
  readonly outcome: string;
  readonly lines: readonly DeliveryTraceLine[];
}

/** The last so many traces. */
export class TraceRing {
  private readonly traces: DeliveryTrace[] = [];
  private next = 0;

  constructor(private readonly size: number) {}

  add(timeMs: number, envelope: DeliveryEnvelope, guid: Buffer | undefined, recipient: Recipient): void {
    if (this.size === 0) return;
    this.traces[this.next] = {
      timeMs,
      session: envelope.session,
      via: envelope.via,
      sender: envelope.sender,
      recipient: recipient.address.address,
      message: guid?.toString('hex', 0, 8),
      outcome: describeOutcome(recipient),
      lines: recipient.trace,
    };
    this.next = (this.next + 1) % this.size;
  }

  /** Newest first. @param recipient part of an address, in any case. */
  find(recipient: string | undefined, limit: number): DeliveryTrace[] {
    const wanted = recipient?.toLowerCase();
    const found: DeliveryTrace[] = [];
    for (let i = 1; i <= this.traces.length && found.length < limit; i++) {
      const trace = this.traces[(this.next - i + this.traces.length) % this.traces.length];
      if (trace === undefined) break;
      if (wanted === undefined || trace.recipient.toLowerCase().includes(wanted)) found.push(trace);
    }
    return found;
  }
}

/** How many clients may be connected to this worker, in all and from one address. */
import { isLoopback } from '@angarium/sdk';

export interface LimitSettings {
  /** 0 is no limit. */
  readonly maxConnections: number;
  /** 0 is no limit. Unix sockets have no address and are not counted. */
  readonly maxConnectionsPerAddress: number;
  /** Default false: what runs on this machine (gateways, monitoring) speaks for many people. */
  readonly countsLoopback?: boolean;
}

export class ConnectionLimits {
  private total = 0;
  private readonly byAddress = new Map<string, number>();

  constructor(private readonly settings: LimitSettings) {}

  get count(): number {
    return this.total;
  }

  /** Counts one more, when allowed. */
  tryEnter(): boolean {
    const { maxConnections } = this.settings;
    if (maxConnections > 0 && this.total >= maxConnections) return false;
    this.total++;
    return true;
  }

  leave(): void {
    this.total--;
  }

  /** Counts one more from the address, when allowed. */
  tryEnterFrom(address: string): boolean {
    const { maxConnectionsPerAddress } = this.settings;
    if (maxConnectionsPerAddress === 0 || this.isExempt(address)) return true;
    const count = this.byAddress.get(address) ?? 0;
    if (count >= maxConnectionsPerAddress) return false;
    this.byAddress.set(address, count + 1);
    return true;
  }

  leaveFrom(address: string): void {
    const count = this.byAddress.get(address);
    if (count === undefined) return;
    if (count > 1) this.byAddress.set(address, count - 1);
    else this.byAddress.delete(address);
  }

  private isExempt(address: string): boolean {
    return address === 'unix' || (this.settings.countsLoopback !== true && isLoopback(address));
  }
}

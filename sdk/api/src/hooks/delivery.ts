/** Family `delivery.*`: observers of the delivery pipeline; whoever decides is a DeliveryStage. */
import type { DeliveryEnvelope, Recipient } from '../contracts/delivery.js';
import { declareHooks } from '../kernel/hooks.js';

declare module '../kernel/hooks.js' {
  interface Hooks {
    /** A transaction begins (MAIL): refuse senders here. */
    'delivery.starting': VetoHook<[envelope: DeliveryEnvelope]>;
    /** All recipients of a message have their outcome, with traces. */
    'delivery.filed': ObserveHook<
      [envelope: DeliveryEnvelope, guid: Buffer, recipients: readonly Recipient[]]
    >;
  }
}

declareHooks({
  'delivery.starting': {
    kind: 'veto',
    summary: 'a mail transaction begins; may refuse the sender',
  },
  'delivery.filed': {
    kind: 'observe',
    summary: 'a message went through delivery; outcomes and traces',
  },
});

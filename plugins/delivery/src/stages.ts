/** Runs the stages of a phase over recipients, and writes down what each decided. */
import {
  type DeliveryBatch,
  type DeliveryCompletion,
  type DeliveryPhase,
  type DeliveryStage,
  isMailError,
  type Logger,
  MailError,
  type Recipient,
  type Registry,
  unavailableError,
} from '@angarium/sdk';

export class Stages implements Disposable {
  private byPhase = new Map<DeliveryPhase, readonly DeliveryStage[]>();
  private readonly subscription: Disposable;

  /** @param builtIn takes its place among the registered ones by phase and order. */
  constructor(
    private readonly registered: Registry<DeliveryStage>,
    private readonly builtIn: readonly DeliveryStage[],
    private readonly log: Logger,
  ) {
    this.subscription = registered.onChange(() => {
      this.byPhase = new Map();
    });
  }

  [Symbol.dispose](): void {
    this.subscription[Symbol.dispose]();
  }

  /** Recipients that get an outcome on the way are left out of the rest. Answers what is to be called after filing. */
  async run(phase: DeliveryPhase, batch: DeliveryBatch): Promise<DeliveryCompletion[]> {
    const completions: DeliveryCompletion[] = [];
    for (const stage of this.of(phase)) {
      const recipients = withoutOutcome(batch.recipients);
      if (recipients.length === 0) break;
      const completion = await this.runOne(stage, { ...batch, recipients });
      if (completion !== undefined) completions.push(completion);
    }
    return completions;
  }

  /** Completions cannot change what is done: a failing one is logged. */
  async complete(
    completions: readonly DeliveryCompletion[],
    recipients: readonly Recipient[],
  ): Promise<void> {
    for (const completion of completions) {
      try {
        await completion(recipients);
      } catch (error) {
        this.log.error('a delivery stage failed after filing', { err: error });
      }
    }
  }

  private of(phase: DeliveryPhase): readonly DeliveryStage[] {
    let stages = this.byPhase.get(phase);
    if (stages === undefined) {
      stages = [...this.builtIn, ...this.registered.items]
        .filter((stage) => stage.phase === phase)
        .sort((a, b) => a.order - b.order);
      this.byPhase.set(phase, stages);
    }
    return stages;
  }

  private async runOne(stage: DeliveryStage, batch: DeliveryBatch): Promise<DeliveryCompletion | undefined> {
    const lines = batch.recipients.map(({ trace }) => trace.length);
    try {
      return (await stage.run(batch)) ?? undefined;
    } catch (error) {
      const refusal = this.refusalOf(stage, error);
      for (const recipient of withoutOutcome(batch.recipients)) {
        recipient.outcome = { is: 'refused', error: refusal };
      }
      return undefined;
    } finally {
      batch.recipients.forEach((recipient, i) => {
        const said = recipient.trace.length > (lines[i] ?? 0);
        if (recipient.outcome !== undefined && !said) {
          recipient.trace.push({ stage: stage.name, decision: describeOutcome(recipient) });
        }
      });
    }
  }

  private refusalOf(stage: DeliveryStage, error: unknown): MailError {
    if (isMailError(error)) return error;
    this.log.error('a delivery stage failed', { stage: stage.name, err: error });
    return unavailableError('Delivery is not possible now', error);
  }
}

export function withoutOutcome(recipients: readonly Recipient[]): Recipient[] {
  return recipients.filter(({ outcome }) => outcome === undefined);
}

export function describeOutcome({ outcome }: Recipient): string {
  if (outcome === undefined) return 'no outcome';
  if (outcome.is === 'refused') {
    return `${outcome.error.temporary ? 'deferred' : 'refused'}: ${outcome.error.publicText}`;
  }
  return outcome.note === undefined ? outcome.is : `${outcome.is}: ${outcome.note}`;
}

/** A command asks all workers for their traces, over the message bus. */
import { type Clock, DisposableStore, type MessageBus } from '@angarium/sdk';
import type { DeliveryTrace, TraceRing } from './trace-ring.js';

const QUESTION = 'delivery.trace?';
const ANSWER = 'delivery.trace';

/** How long a command waits: a busy worker answers in its next turn, a dead one never. */
const PATIENCE_MS = 1000;

interface Question {
  readonly id: string;
  readonly recipient?: string;
  readonly limit: number;
}

interface Answer {
  readonly id: string;
  readonly traces: readonly DeliveryTrace[];
}

export function answerTraceQuestions(bus: MessageBus, traces: TraceRing): Disposable {
  return bus.subscribe(QUESTION, (payload) => {
    const { id, recipient, limit } = payload as Question;
    const answer: Answer = { id, traces: traces.find(recipient, limit) };
    if (answer.traces.length > 0) bus.publish(ANSWER, answer);
  });
}

/** Newest first, at most `limit`. */
export async function askForTraces(
  bus: MessageBus,
  clock: Clock,
  question: Question,
  signal: AbortSignal,
): Promise<DeliveryTrace[]> {
  const found: DeliveryTrace[] = [];
  await using owned = new DisposableStore();
  owned.add(
    bus.subscribe(ANSWER, (payload) => {
      const { id, traces } = payload as Answer;
      if (id === question.id) found.push(...traces);
    }),
  );
  bus.publish(QUESTION, question);
  await clock.sleep(PATIENCE_MS, signal);
  return found.sort((a, b) => b.timeMs - a.timeMs).slice(0, question.limit);
}

/** The system's time, behind the SDK's Clock. */
import type { Clock } from '@angarium/sdk';
import { disposable } from '@angarium/sdk';

/** Node fires timers with a longer delay at once. */
const maxTimerMs = 0x7fff_ffff;

function after(delayMs: number, run: () => void): Disposable {
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number): void => {
    timer =
      leftMs > maxTimerMs
        ? setTimeout(() => arm(leftMs - maxTimerMs), maxTimerMs)
        : setTimeout(run, Math.max(0, leftMs));
  };
  arm(delayMs);
  return disposable(() => clearTimeout(timer));
}

function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const timer = after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after,
  every(intervalMs, run) {
    const timer = setInterval(run, Math.min(intervalMs, maxTimerMs));
    return disposable(() => clearInterval(timer));
  },
  sleep,
};

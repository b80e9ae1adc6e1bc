/** A progress bar on a terminal; nothing elsewhere. */

/** Redrawing more often costs more than it shows. */
const redrawMs = 100;
const barWidth = 30;

export function progressBar(
  label: string,
  total: number | undefined,
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
): { advance(count: number): void; done(): void } {
  if (stream.isTTY !== true) return { advance: () => {}, done: () => {} };
  let count = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    advance(by) {
      count += by;
      const nowMs = performance.now();
      if (nowMs - drawnMs < redrawMs) return;
      drawnMs = nowMs;
      stream.write(`\r\u001b[K${progressLine(label, count, total)}`);
    },
    done() {
      stream.write(`\r\u001b[K${progressLine(label, count, total)}\n`);
    },
  };
}

function progressLine(label: string, count: number, total: number | undefined): string {
  if (total === undefined || total <= 0) return `${label} ${count}`;
  const share = Math.min(1, count / total);
  const filled = Math.round(share * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  return `${label} ${bar} ${Math.floor(share * 100)}% ${count}/${total}`;
}

import type { LineWriter } from '../maildrop/maildrop.js';
import type { Pop3Session } from '../session.js';

/** A line for each message that is left, at the client's pace. */
export async function writeListing(session: Pop3Session, line: LineWriter): Promise<void> {
  for (const lines of session.drop.maildrop.lines(line)) {
    session.write(lines);
    const draining = session.drained();
    if (draining !== undefined) await draining;
  }
  session.write('.\r\n');
}

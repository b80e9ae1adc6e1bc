/** WITHIN (RFC 5032): OLDER and YOUNGER, by internal date against the server's clock when the search begins. */
import type { Clock, CommandLine, ImapExtension, SearchKey } from '@angarium/sdk';

function parseInterval(line: CommandLine): number {
  line.sp();
  return line.nzNumber();
}

/** Both match what is exactly so many seconds old (RFC 5032 §2). */
function withinKey(name: 'OLDER' | 'YOUNGER', clock: Clock): SearchKey {
  return {
    name,
    needs: 'index',
    parse: parseInterval,
    prepareIndex(_session, seconds) {
      const limit = Math.floor(clock.now() / 1000) - (seconds as number);
      if (name === 'OLDER') return (chunk, at) => chunk.dates[at]! <= limit;
      return (chunk, at) => chunk.dates[at]! >= limit;
    },
  };
}

export function withinExtension(clock: Clock): ImapExtension {
  return {
    name: 'WITHIN',
    capabilities: [{ word: 'WITHIN', states: ['authenticated', 'selected'] }],
    searchKeys: [withinKey('OLDER', clock), withinKey('YOUNGER', clock)],
  };
}

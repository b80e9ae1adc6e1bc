import { Duplex, type Readable, type Writable } from 'node:stream';

/** A client's end of a stream out of its two halves. */
export function duplexOf(source: Readable, sink: Writable): Duplex {
  const duplex = new Duplex({
    read: () => void source.resume(),
    write: (chunk, _encoding, done) => void sink.write(chunk, done),
  });
  source.on('data', (chunk) => {
    if (!duplex.push(chunk)) source.pause();
  });
  source.on('end', () => duplex.push(null));
  return duplex;
}

/**
 * Methods that Node's Buffer has and its published types leave out: the fastest way from bytes to strings and back,
 * without a lookup of the encoding's name.
 */
declare global {
  interface Buffer {
    latin1Slice(start?: number, end?: number): string;
    utf8Slice(start?: number, end?: number): string;
    asciiSlice(start?: number, end?: number): string;
    latin1Write(text: string, offset?: number, length?: number): number;
    utf8Write(text: string, offset?: number, length?: number): number;
  }
}

export {};

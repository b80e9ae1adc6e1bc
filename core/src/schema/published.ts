/** The JSON schemas that core publishes; plugins' configuration schemas may $ref `angarium:listen` and `angarium:secret`. */
import { readFileSync } from 'node:fs';

export type JsonSchema = Readonly<Record<string, unknown>>;

function read(name: string): JsonSchema {
  const url = new URL(`../../schemas/${name}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as JsonSchema;
}

export const listenSchema = read('listen');
export const secretSchema = read('secret');
export const packageSchema = read('package');
export const manifestSchema = read('manifest');

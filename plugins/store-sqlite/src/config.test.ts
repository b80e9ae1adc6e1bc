import assert from 'node:assert/strict';
import { test } from 'node:test';
import schema from '../config.schema.json' with { type: 'json' };
import { defaultConfig, parseBytes, parseDurationMs, toSettings } from './config.js';

test('durations and sizes', () => {
  assert.deepEqual(
    ['0', '90s', '15m', '7d', '250ms'].map(parseDurationMs),
    [0, 90_000, 900_000, 604_800_000, 250],
  );
  assert.deepEqual(['0', '10', '64KB', '2MB', '1GB'].map(parseBytes), [0, 10, 65_536, 2_097_152, 2 ** 30]);
  for (const text of ['', '7', '7w', '-1d', '1.5h']) assert.throws(() => parseDurationMs(text), RangeError);
  for (const text of ['', '1TB', '-1', '1 MB']) assert.throws(() => parseBytes(text), RangeError);
});

test('partitions are below the data folder unless absolute', () => {
  const { partitions } = toSettings({ partitions: { default: 'packs', slow: '/srv/slow' } }, '/var/mail');
  assert.deepEqual(
    partitions.map(({ dir }) => dir),
    ['/var/mail/packs', '/srv/slow'],
  );
});

test('the default partition comes first, whatever its place in the manifest', () => {
  const partitions = { a: 'a', b: 'b', c: 'c' };
  const settings = toSettings({ partitions, defaultPartition: 'b', partitionSelectMode: 'random' }, '/m');
  assert.deepEqual(
    settings.partitions.map(({ name }) => name),
    ['b', 'a', 'c'],
  );
  assert.equal(settings.choice.mode, 'first', 'it goes before the mode');
  assert.throws(() => toSettings({ partitions, defaultPartition: 'd' }, '/m'), /there is no partition "d"/);
});

test('the schema’s defaults are those of the engine', () => {
  for (const [name, property] of Object.entries(schema.properties)) {
    if (name === 'maintenance') continue;
    const value = 'default' in property ? property.default : undefined;
    assert.deepEqual(value, defaultConfig[name as keyof typeof defaultConfig], name);
  }
  for (const [name, property] of Object.entries(schema.properties.maintenance.properties)) {
    assert.equal(
      property.default,
      defaultConfig.maintenance[name as keyof typeof defaultConfig.maintenance],
      name,
    );
  }
});

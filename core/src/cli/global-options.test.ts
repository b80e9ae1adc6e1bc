import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takeGlobalOptions } from './global-options.js';

describe('global options', () => {
  it('are taken from anywhere before --, -c before the command only', () => {
    const argv = [
      '-c',
      'a.yaml',
      'run',
      '--set',
      'x=1',
      '-c',
      '5',
      '--set=y=2',
      '--json',
      '--',
      '--json',
      '--data',
    ];
    const { options, rest } = takeGlobalOptions(argv, {});
    assert.deepEqual(rest, ['run', '-c', '5', '--', '--json', '--data']);
    assert.deepEqual(options, {
      config: 'a.yaml',
      data: undefined,
      sets: ['x=1', 'y=2'],
      log: undefined,
      logLevel: undefined,
      isJson: true,
    });
  });

  it('LOG is the level when --log-level does not say', () => {
    assert.equal(takeGlobalOptions([], { LOG: 'debug' }).options.logLevel, 'debug');
    assert.equal(takeGlobalOptions(['--log-level', 'warn'], { LOG: 'debug' }).options.logLevel, 'warn');
    assert.throws(() => takeGlobalOptions([], { LOG: 'dbug' }), /"dbug" is not one of/);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { counted, integer, percent, seconds } from '../src/shared/format';

test('integers are grouped', () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(integer), ['0', '999', '1,000', '1,234,567']);
});

test('seconds are shown as on receipts', () => {
  assert.deepEqual([0.0034, 0.1, 0.84, 72].map(seconds), ['3.4 ms', '0.1 s', '0.8 s', '72.0 s']);
});

test('shares and counts', () => {
  assert.equal(percent(0.254), '25%');
  assert.equal(counted(1, 'retry', 'retries'), '1 retry');
  assert.equal(counted(1200, 'retry', 'retries'), '1,200 retries');
});

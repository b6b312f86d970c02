/** The examples that the kernel's own tests read, as the front end reads them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import dollarCases from '../../tests/wire/dollars.json';
import meter from '../../tests/wire/meter.json';
import totals from '../../tests/wire/totals.json';
import { DecodeError, type Decoder } from '../src/shared/decode';
import { dollars } from '../src/shared/format';
import { readAnswer, readMeter, readTotals, type ToKernel } from '../src/shared/wire';

type Reader = Decoder<object> & { readonly fields: readonly string[] };

const readers: [string, Reader, object[]][] = [
  ['meter', readMeter, meter.states],
  ['answer', readAnswer, meter.answers],
  ['totals', readTotals, totals.states]
];

for (const [name, read, examples] of readers) {
  test(`${name}: the examples are read whole`, () => {
    for (const example of examples) {
      assert.deepEqual(read(example), example);
      assert.deepEqual(new Set(read.fields), new Set(Object.keys(example)));
    }
  });

  test(`${name}: what lacks a field, or has a wrong one, is refused`, () => {
    for (const example of examples) {
      for (const field of read.fields) {
        assert.throws(() => read({ ...example, [field]: undefined }), DecodeError, field);
        assert.throws(() => read({ ...example, [field]: { odd: true } }), DecodeError, field);
      }
    }
    for (const odd of [null, undefined, 1, 'state']) {
      assert.throws(() => read(odd), DecodeError);
    }
  });
}

test('money is never read from a float', () => {
  assert.throws(() => readTotals({ ...totals.states[0], cost: 0.1 }), DecodeError);
  assert.throws(() => readTotals({ ...totals.states[0], cost: '1e-7' }), DecodeError);
});

test('what the meter sends is what the kernel expects', () => {
  assert.deepEqual(meter.to_kernel, [{ type: 'stop' }] satisfies ToKernel[]);
});

for (const { cost, at_least, shown } of dollarCases) {
  test(`dollars: ${shown}`, () => {
    assert.equal(dollars(cost, at_least), shown);
  });
}

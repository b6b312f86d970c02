/** The panel's messages, as the kernel's own tests read them, and the door that they go through. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import examples from '../../tests/wire/panel.json';
import { Door, PATIENCE_MS, Refusal, Unreachable } from '../src/panel/door';
import {
  readAdopted,
  readCode,
  readDisagreement,
  readDisagreements,
  readEstimate,
  readRun,
  readRuns,
  readSources
} from '../src/panel/evaluation/wire';
import { readAlerts, readSpend } from '../src/panel/spending/wire';
import { readAnswer, readHello, readPolicies, readState, readToday, type Requests } from '../src/panel/wire';
import { readPlan, readPlanStep } from '../src/panel/plan/wire';
import { count, DecodeError, record, type Decoder } from '../src/shared/decode';

type Reader = Decoder<object> & { readonly fields: readonly string[] };

const readers: [string, Reader, object[]][] = [
  ['state', readState, examples.states],
  ['hello', readHello, examples.hello],
  ['sources', readSources, examples.sources],
  ['estimate', readEstimate, examples.estimate],
  ['run', readRun, examples.run],
  ['runs', readRuns, examples.runs],
  ['disagreement', readDisagreements, examples.disagreement],
  ['code', readCode, examples.code],
  ['adopt', readAdopted, examples.adopt],
  ['policy', readPolicies, examples.policy],
  ['spend', readSpend, examples.spend],
  ['plan', readPlan, examples.plan],
  ['alerts', readAlerts, examples.alerts],
  ['today', readToday, examples.today]
];

for (const [name, read, bodies] of readers) {
  test(`${name}: the examples are read whole, and refused when a field is missing or wrong`, () => {
    for (const body of bodies) {
      assert.deepEqual(read(body), body);
      assert.deepEqual(new Set(read.fields), new Set(Object.keys(body)));
      for (const field of read.fields) {
        assert.throws(() => read({ ...body, [field]: undefined }), DecodeError, field);
        assert.throws(() => read({ ...body, [field]: { odd: true } }), DecodeError, field);
      }
    }
  });
}

test('answers are read whole', () => {
  for (const answer of examples.answers) {
    assert.deepEqual(readAnswer(answer), answer);
  }
  assert.deepEqual(new Set(readPlanStep.fields), new Set(Object.keys(examples.plan[0]?.steps[0] ?? {})));
  assert.deepEqual(new Set(readDisagreement.fields), new Set(Object.keys(examples.disagreement[0]?.item ?? {})));
});

test('what is sent is what the kernel expects', () => {
  const sent: object[] = [];
  const door = new Door();
  door.open(message => sent.push(message));
  for (const { id, type, ...fields } of examples.requests) {
    assert.equal(id, sent.length + 1);
    void door.ask(type as keyof Requests, fields as never, readAnswer).catch(() => undefined);
  }
  assert.deepEqual(sent, examples.requests);
  door.shut();
});

const readNumber = record({ number: count });

test('answers find their requests in any order, and only once', async () => {
  const door = new Door();
  await assert.rejects(door.ask('today', {}, readNumber), Unreachable);
  door.open(() => undefined);
  const [one, two] = [door.ask('today', {}, readNumber), door.ask('policy', {}, readNumber)];
  const warn = mock.method(console, 'warn', () => undefined);
  door.receive({ id: 2, error: null, body: { number: 20 } });
  door.receive({ id: 1, error: null, body: { number: 10 } });
  assert.deepEqual([(await one).number, (await two).number], [10, 20]);
  assert.equal(warn.mock.callCount(), 0);
  door.receive({ id: 2, error: null, body: { number: 11 } });
  door.receive({ id: null, error: 'a request has an id', body: null });
  assert.equal(warn.mock.callCount(), 2);
  warn.mock.restore();
});

test('a refusal, an answer of another version and a lost connection are told apart', async () => {
  const door = new Door();
  door.open(() => undefined);
  const asked = [1, 2, 3].map(() => door.ask('today', {}, readNumber));
  const failures = Promise.all(asked.map(one => one.then(String, (error: unknown) => error)));
  const complaint = mock.method(console, 'error', () => undefined);
  for (const odd of [null, 'text', {}, { id: 'x', error: null, body: {} }]) {
    door.receive(odd);
  }
  assert.equal(complaint.mock.callCount(), 4);
  complaint.mock.restore();
  door.receive({ id: 1, error: 'no such run', body: null });
  door.receive({ id: 2, error: null, body: { other: 1 } });
  door.shut();
  const [refused, other, lost] = await failures;
  assert.ok(refused instanceof Refusal && refused.message === 'no such run');
  assert.ok(other instanceof DecodeError);
  assert.ok(lost instanceof Unreachable);
});

test('a request that waits for long is told of until it is answered', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const told: boolean[] = [];
  const door = new Door(late => told.push(late));
  door.open(() => undefined);
  const asked = door.ask('today', {}, readNumber);
  mock.timers.tick(PATIENCE_MS);
  assert.deepEqual(told, [false, true]);
  door.receive({ id: 1, error: null, body: { number: 1 } });
  await asked;
  assert.deepEqual(told, [false, true, false]);
  mock.timers.reset();
});

import { found, rendered } from './dom';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import examples from '../../tests/wire/totals.json';
import widget from '../src/totals/widget';

const [nothing, busy] = examples.states;

test('figures, and budgets as bars that can be read aloud', () => {
  const { model, el, dispose } = rendered(widget, nothing);
  assert.match(el.textContent, /spend\$0/);
  assert.match(el.textContent, /hit rate–/);
  assert.equal(el.querySelectorAll('[role=meter]').length, 0);
  model.push(busy);
  assert.match(el.textContent, /spend≥ \$1\.23/);
  assert.match(el.textContent, /hit rate25%/);
  assert.match(el.textContent, /SIMULATED spend\$0\.002/);
  const day = found(el, '[aria-label=day]');
  const tickets = found(el, '[aria-label="session tickets"]');
  assert.equal(day.getAttribute('aria-valuenow'), '70');
  assert.equal(day.getAttribute('aria-valuetext'), 'day: ≤ $3.52 of $5.00 left, $0.25 reserved');
  assert.equal(found(day, '.cm-totals-left').style.width, '70.3%');
  assert.equal(found(tickets, '.cm-totals-left').dataset.level, 'out');
  dispose();
  assert.equal(model.listening, 0);
});

test('simulated money is hidden only where there is none', () => {
  const { model, el } = rendered(widget, nothing);
  const box = found(el, '.cm-totals-figure:nth-of-type(5)');
  assert.equal(box.hidden, true);
  model.push(busy);
  assert.equal(box.hidden, false);
});

test('budgets that can’t be told say why', () => {
  const { el } = rendered(widget, { ...nothing, budget_error: 'the ledger can’t be read' });
  assert.match(el.textContent, /the ledger can’t be read/);
});

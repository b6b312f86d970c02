import { found, rendered } from './dom';

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import examples from '../../tests/wire/meter.json';
import { PATIENCE_MS } from '../src/meter/stop';
import widget from '../src/meter/widget';
import { INTERRUPT_EVENT } from '../src/shared/interrupt';

const [waiting, streaming] = examples.states;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
});

afterEach(() => {
  mock.timers.reset();
});

function stopButton(el: HTMLElement): HTMLButtonElement {
  return found(el, 'button') as HTMLButtonElement;
}

test('figures are shown, with what is unknown or estimated marked', () => {
  const { model, el } = rendered(widget, waiting);
  assert.match(el.textContent, /medium/);
  assert.match(el.textContent, /≈ \? → 0 tok/);
  assert.doesNotMatch(el.textContent, /\$/);
  assert.equal(found(el, '.cm-badge-warn').hidden, true);
  model.push(streaming);
  assert.match(el.textContent, /1,212 → 48 tok/);
  assert.match(el.textContent, /\$0\.00581/);
  assert.match(el.textContent, /42 tok\/s/);
  assert.match(el.textContent, /2\.3 s/);
  assert.match(el.textContent, /cache: refreshed/);
  assert.match(el.textContent, /2 retries/);
  assert.equal(found(el, '.cm-badge-tier').hidden, true);
  assert.equal(found(el, '.cm-badge-warn').hidden, false);
  assert.match(found(el, '.cm-meter-reason').title, /model given/);
  assert.match(el.textContent, /model given/);
});

test('an unknown price is unpriced, never $0', () => {
  const { el } = rendered(widget, { ...streaming, cost: null });
  assert.match(el.textContent, /unpriced/);
  assert.doesNotMatch(el.textContent, /\$/);
});

test('what a model or a route says is text', () => {
  const { el } = rendered(widget, { ...streaming, label: '<img src=x>', model: '<b>m</b>' });
  assert.equal(el.querySelector('img, b'), null);
  assert.match(el.textContent, /<img src=x>/);
});

test('only phases are announced, not every figure', () => {
  const { model, el } = rendered(widget, streaming);
  const status = found(el, '[aria-live=polite]');
  const said = status.textContent;
  assert.match(said, /arriving/);
  model.push({ ...streaming, output_tokens: 49 });
  assert.equal(status.textContent, said);
  model.push({ ...streaming, phase: 'stopping' });
  assert.match(status.textContent, /stopping/);
});

test('Stop sends one message and says so; an answer in time means no interrupt', () => {
  const { model, el } = rendered(widget, streaming);
  let interrupts = 0;
  el.addEventListener(INTERRUPT_EVENT, () => interrupts++);
  stopButton(el).click();
  stopButton(el).click();
  assert.deepEqual(model.sent, examples.to_kernel);
  assert.equal(stopButton(el).getAttribute('aria-disabled'), 'true');
  assert.equal(stopButton(el).disabled, false);
  model.answer(examples.answers[0]);
  mock.timers.tick(PATIENCE_MS + 1);
  assert.equal(interrupts, 0);
});

test('without an answer the plugin is asked to interrupt, once', () => {
  const { el } = rendered(widget, streaming);
  let interrupts = 0;
  el.addEventListener(INTERRUPT_EVENT, event => {
    interrupts++;
    event.preventDefault();
  });
  stopButton(el).click();
  mock.timers.tick(PATIENCE_MS - 1);
  assert.equal(interrupts, 0);
  mock.timers.tick(2);
  assert.equal(interrupts, 1);
  mock.timers.tick(10 * PATIENCE_MS);
  assert.equal(interrupts, 1);
  assert.doesNotMatch(el.textContent, /interrupt the kernel/);
});

test('where nobody can interrupt, the meter says what to do', () => {
  const { el } = rendered(widget, streaming);
  stopButton(el).click();
  mock.timers.tick(PATIENCE_MS + 1);
  assert.match(el.textContent, /interrupt the kernel/);
});

for (const [how, end] of [
  [
    'is done',
    (made: ReturnType<typeof rendered>) => {
      made.model.push({ ...streaming, phase: 'done' });
    }
  ],
  [
    'has gone',
    (made: ReturnType<typeof rendered>) => {
      made.dispose();
    }
  ]
] as const) {
  test(`a call that ${how} is never interrupted: another cell may be running`, () => {
    const made = rendered(widget, streaming);
    let interrupts = 0;
    made.el.addEventListener(INTERRUPT_EVENT, () => interrupts++);
    stopButton(made.el).click();
    end(made);
    mock.timers.tick(10 * PATIENCE_MS);
    assert.equal(interrupts, 0);
  });
}

test('nothing listens after the view has gone', () => {
  const { model, dispose } = rendered(widget, streaming);
  assert.ok(model.listening > 0);
  dispose();
  assert.equal(model.listening, 0);
});

test('the focus stays in the notebook when the meter goes', () => {
  const { model, el } = rendered(widget, streaming);
  const cell = document.createElement('div');
  cell.tabIndex = 0;
  document.body.append(cell);
  cell.append(el);
  stopButton(el).focus();
  assert.equal(document.activeElement, stopButton(el));
  model.push({ ...streaming, phase: 'done' });
  assert.equal(document.activeElement, cell);
});

test('a state of another version is not shown as figures', () => {
  const error = mock.method(console, 'error', () => undefined);
  const { el } = rendered(widget, { ...streaming, version: 2 });
  assert.match(el.textContent, /another version/);
  assert.equal(error.mock.callCount(), 1);
  error.mock.restore();
});

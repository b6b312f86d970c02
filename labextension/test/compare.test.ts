import { found, rendered } from './dom';

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import examples from '../../tests/wire/compare.json';
import { VoteBar } from '../src/compare/bar';
import { nodes } from '../src/compare/markup';
import widget from '../src/compare/widget';
import {
  readColumn,
  readCompare,
  readFigures,
  readJudged,
  readSaved,
  type Judgement,
  type Judging,
  type ToKernel
} from '../src/compare/wire';
import { DecodeError } from '../src/shared/decode';
import { INTERRUPT_EVENT } from '../src/shared/interrupt';
import { PATIENCE_MS } from '../src/meter/stop';

const [open, blind] = examples.states;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
});

afterEach(() => {
  mock.timers.reset();
});

function press(el: HTMLElement, label: string): void {
  found(el, `[aria-label="${label}"]`).click();
}

function page(html: string): HTMLElement {
  const el = document.createElement('div');
  el.append(nodes(html));
  return el;
}

test('the examples are read whole, and refused when they lack a field', () => {
  for (const state of examples.states) {
    assert.deepEqual(readCompare(state), state);
    for (const field of readCompare.fields) {
      assert.throws(() => readCompare({ ...state, [field]: { odd: true } }), DecodeError, field);
    }
    for (const column of state.columns) {
      assert.deepEqual(new Set(readColumn.fields), new Set(Object.keys(column)));
      for (const field of readColumn.fields) {
        assert.throws(() => readColumn({ ...column, [field]: undefined }), DecodeError, field);
      }
    }
  }
  assert.deepEqual(new Set(readFigures.fields), new Set(Object.keys(open?.columns[0]?.figures ?? {})));
  for (const judged of examples.judged) {
    assert.deepEqual(readJudged(judged), judged);
  }
});

test('what is sent is what the kernel expects', () => {
  assert.deepEqual(examples.to_kernel, [
    { type: 'stop', column: 1 },
    { type: 'stop', column: null },
    { type: 'vote', column: 1, good: true },
    { type: 'vote', column: 0, good: null },
    { type: 'keep', column: 1 },
    { type: 'reveal' },
    { type: 'against', column: 0 },
    { type: 'against', column: null }
  ] satisfies ToKernel[]);
  assert.deepEqual(examples.judging, [
    { comparison: '01a2', do: null },
    { comparison: '01a2', do: { type: 'vote', column: 0, good: false } }
  ] satisfies Judging[]);
});

test('columns show names, meters, badges and replies', () => {
  const { el } = rendered(widget, open);
  const [first, second] = el.querySelectorAll('section');
  assert.match(first?.textContent ?? '', /1\. heavy.*claude-opus-5-5.*\? → 0 tok/);
  assert.doesNotMatch(first?.textContent ?? '', /\$/);
  assert.match(second?.textContent ?? '', /SIMULATED.*1,212 → 48 tok.*\$0\.00145.*42 tok\/s.*1\.4 s.*The sea/);
  assert.equal(second?.querySelector('strong')?.textContent, 'sea');
  assert.equal(found(el, '[aria-label="Show the differences from one reply"]').querySelectorAll('option').length, 3);
});

test('an unknown price is unpriced, never $0', () => {
  const columns = open?.columns.map(column => ({ ...column, figures: { ...column.figures, cost: null } }));
  const { el } = rendered(widget, { ...open, columns });
  assert.match(el.textContent, /1,212 → 48 tokunpriced/);
  assert.doesNotMatch(el.textContent, /\$/);
});

test('a reply is never markup of the model’s making', () => {
  const hostile =
    '<script>x</script><p onclick="x" style="position:fixed;white-space:pre">a<img src=x onerror=x>' +
    '<a href="javascript:x">b</a><a href="https://ok.example">c</a><iframe src="x">d</iframe><svg><p>e</p></svg>' +
    '<form action="x"><input name="x">f</form></p><style>*{}</style><base href="x"><meta http-equiv="refresh">';
  const el = page(hostile);
  assert.equal(el.querySelector('script, img, iframe, svg, form, input, style, base, meta'), null);
  assert.deepEqual(
    [...el.querySelectorAll('a')].map(a => a.getAttribute('href')),
    [null, 'https://ok.example']
  );
  const attributes = [...el.querySelectorAll('*')].flatMap(one => one.getAttributeNames());
  assert.deepEqual(new Set(attributes), new Set(['style', 'href', 'target', 'rel']));
  assert.equal(el.querySelector('p')?.style.position, '');
  assert.equal(el.querySelector('p')?.style.whiteSpace, 'pre');
  assert.match(el.textContent, /ab?/);
  assert.match(el.textContent, /f/);
});

test('labels and models are text', () => {
  const columns = open?.columns.map(column => ({ ...column, label: '<img src=x>', model: '<b>m</b>' }));
  const { el } = rendered(widget, { ...open, columns });
  assert.equal(el.querySelector('img, b'), null);
});

test('a column is stopped alone, and only while it runs', () => {
  const { model, el } = rendered(widget, open);
  press(el, 'Stop heavy');
  assert.deepEqual(model.sent, [{ type: 'stop', column: 0 }]);
  assert.equal(found(el, '[aria-label="Stop sim:claude-haiku-4-5"]').hidden, true);
  model.push(blind);
  assert.equal(found(el, '[aria-label="Stop A"]').getAttribute('aria-disabled'), 'true');
  press(el, 'Stop A');
  assert.equal(model.sent.length, 1);
});

test('all are stopped by one message, and by an interrupt where messages wait', () => {
  const { model, el } = rendered(widget, open);
  let interrupts = 0;
  el.addEventListener(INTERRUPT_EVENT, () => interrupts++);
  const button = [...el.querySelectorAll('button')].find(one => one.textContent === 'Stop all');
  button?.click();
  button?.click();
  assert.deepEqual(model.sent, [{ type: 'stop', column: null }]);
  mock.timers.tick(PATIENCE_MS + 1);
  assert.equal(interrupts, 1);
});

test('votes are sent, shown, and taken back by a second press; what has no answer has no vote', () => {
  const { model, el } = rendered(widget, open);
  press(el, 'heavy is good enough');
  assert.equal(model.sent.length, 0);
  const good = found(el, '[aria-label="sim:claude-haiku-4-5 is good enough"]');
  assert.equal(good.getAttribute('aria-pressed'), 'true');
  good.click();
  press(el, 'sim:claude-haiku-4-5 is not good enough');
  press(el, 'Keep the reply of sim:claude-haiku-4-5 as an evaluation item');
  assert.deepEqual(model.sent, [
    { type: 'vote', column: 1, good: null },
    { type: 'vote', column: 1, good: false }
  ]);
  const columns = open?.columns.map(column => ({ ...column, kept: false }));
  model.push({ ...open, columns });
  press(el, 'Keep the reply of sim:claude-haiku-4-5 as an evaluation item');
  assert.deepEqual(model.sent.slice(2), [{ type: 'keep', column: 1 }]);
});

test('a blind comparison shows letters and no figures, and can be revealed', () => {
  const { model, el } = rendered(widget, blind);
  assert.doesNotMatch(el.textContent, /tok|\$/);
  const reveal = [...el.querySelectorAll('button')].find(one => one.textContent === 'Show names');
  assert.ok(reveal);
  assert.equal(reveal.hidden, false);
  reveal.click();
  assert.deepEqual(model.sent, [{ type: 'reveal' }]);
  model.push(open);
  assert.equal(reveal.hidden, true);
});

test('the differences are asked for', () => {
  const { model, el } = rendered(widget, open);
  const select = found(el, 'select') as HTMLSelectElement;
  for (const value of ['0', '']) {
    select.value = value;
    select.dispatchEvent(new window.Event('change'));
  }
  assert.deepEqual(model.sent, [
    { type: 'against', column: 0 },
    { type: 'against', column: null }
  ]);
});

test('an unchanged reply keeps its elements, and phases alone are announced', () => {
  const { model, el } = rendered(widget, open);
  const strong = found(el, 'strong');
  const said = [...el.querySelectorAll('[aria-live=polite]')].map(one => one.textContent);
  model.push(structuredClone(open));
  assert.equal(found(el, 'strong'), strong);
  assert.deepEqual(
    [...el.querySelectorAll('[aria-live=polite]')].map(one => one.textContent),
    said
  );
});

test('nothing listens after the view has gone', () => {
  const { model, dispose } = rendered(widget, open);
  assert.ok(model.listening > 0);
  dispose();
  assert.equal(model.listening, 0);
});

test('votes below a finished comparison are there only for a kernel that knows it', () => {
  const asked: Judgement[] = [];
  const bar = new VoteBar(judgement => asked.push(judgement), new AbortController().signal);
  const saved = readSaved({
    version: 1,
    id: 'x',
    finished: true,
    hidden: true,
    columns: [
      { label: 'A', state: 'ok', vote: null, kept: false },
      { label: 'B', state: 'error', vote: null, kept: false }
    ]
  });
  bar.show(saved);
  assert.equal(bar.root.hidden, true);
  bar.answer({ comparison: 'x', known: true, error: null });
  assert.equal(bar.root.hidden, false);
  press(bar.root, 'A is good enough');
  press(bar.root, 'B is good enough');
  assert.deepEqual(asked, [{ type: 'vote', column: 0, good: true }]);
  bar.answer({ comparison: 'x', known: true, error: 'no' });
  assert.match(found(bar.root, '[role=alert]').textContent, /no/);
  bar.answer(null);
  assert.equal(bar.root.hidden, true);
});

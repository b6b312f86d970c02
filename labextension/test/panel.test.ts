import { found, rendered, type FakeModel } from './dom';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import examples from '../../tests/wire/panel.json';
import { placedLabels } from '../src/panel/evaluation/chart';
import { diff } from '../src/panel/evaluation/diff';
import { duration, percent, points } from '../src/panel/evaluation/figures';
import { empty, read, type Form } from '../src/panel/form';
import { untranslated } from '../src/panel/trans';
import widget from '../src/panel/widget';
import type { Source } from '../src/panel/evaluation/wire';

const DEFAULTS = { notebook: 'a.ipynb', margin: 0.02, confidence: 0.95, cap: '0.5' };
const SOURCES = examples.sources[0]?.sources as Source[];
const [RUNNING, DONE] = examples.run;

type Bodies = Record<string, object>;

const BODIES: Bodies = {
  hello: examples.hello[0] ?? {},
  sources: examples.sources[0] ?? {},
  runs: { runs: [] },
  estimate: examples.estimate[0] ?? {},
  run: RUNNING ?? {},
  watch: DONE ?? {},
  today: examples.today[0] ?? {},
  disagreement: examples.disagreement[0] ?? {},
  adopt: examples.adopt[0] ?? {},
  code: examples.code[0] ?? {},
  policy: examples.policy[0] ?? {},
  spend: examples.spend[0] ?? {},
  alerts: examples.alerts[0] ?? {},
  silence: {},
  remove: {}
};

interface Shown {
  model: FakeModel;
  el: HTMLElement;
  dispose: () => void;
  /** Types of the requests so far. */
  asked: () => string[];
}

/** The panel in a cell, whose kernel answers with these bodies, or refuses with a text. */
function shown(bodies: Record<string, object | string> = BODIES): Shown {
  const view = rendered(widget, DEFAULTS, model => {
    model.onSend = message => {
      const { id, type } = message as { id: number; type: string };
      const body = bodies[type] ?? `unknown request ${type}`;
      const answer = typeof body === 'string' ? { id, error: body, body: null } : { id, error: null, body };
      queueMicrotask(() => {
        model.answer(answer);
      });
    };
  });
  return { ...view, asked: () => view.model.sent.map(message => (message as { type: string }).type) };
}

/** Wait until the text is in the element: React and the kernel take their time. */
async function until(el: HTMLElement, text: RegExp): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!text.test(el.textContent)) {
    assert.ok(Date.now() < deadline, `no ${String(text)} in ${el.textContent}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

function press(el: HTMLElement, text: string): void {
  const button = [...el.querySelectorAll('button')].find(
    one => (one.getAttribute('aria-label') ?? one.textContent) === text
  );
  assert.ok(button, `no button ${text} in ${el.textContent}`);
  button.click();
}

function choose(el: HTMLElement, label: string, value: string): void {
  const id = [...el.querySelectorAll('label')].find(one => one.textContent === label)?.htmlFor;
  const select = el.querySelector<HTMLSelectElement>(`[id="${id ?? ''}"]`);
  assert.ok(select, `no field ${label}`);
  select.value = value;
  select.dispatchEvent(new window.Event('change', { bubbles: true }));
}

test('from the data to a verdict that is adopted', async () => {
  const { el, model, asked, dispose } = shown();
  await until(el, /Choose the data to evaluate on/);
  const run = [...el.querySelectorAll('button')].find(one => one.textContent === 'Run');
  assert.equal(run?.getAttribute('aria-disabled'), 'true');
  run.click();
  choose(el, 'Data', 'frame:df');
  await until(el, /\$0\.0312/);
  assert.match(el.textContent, /unpriced/);
  assert.equal(asked().includes('run'), false);
  press(el, 'Run');
  await until(el, /about 140 more pairs decide/);
  assert.match(el.textContent, /−3\.0, \+5\.0/);
  const started = model.sent.find(message => (message as { type: string }).type === 'run');
  assert.deepEqual((started as { definition: object }).definition, {
    data: { kind: 'frame', name: 'df' },
    prompt: '{{ text }}',
    expected: 'department',
    scorer: 'exact',
    feature: null,
    baseline: 'heavy',
    candidates: ['medium'],
    margin: 0.02,
    confidence: 0.95,
    budget: '0.5',
    limit: null
  });
  await until(el, /medium is the cheapest that passes/);
  assert.match(el.textContent, /✓ passes/);
  assert.match(el.textContent, /≥ \$0\.20 spent/);
  await until(el, /1 of 12/);
  press(el, 'Adopt medium for tickets');
  await until(el, /Adopted: heavy → medium/);
  press(el, 'Show as code');
  await until(el, /cm\.evaluate/);
  dispose();
  assert.equal(model.listening, 0);
});

test('what comes from the kernel is text', async () => {
  const { el, dispose } = shown();
  await until(el, /Choose the data/);
  choose(el, 'Data', 'frame:df');
  await until(el, /<b>The app<\/b> crashes.*\$0\.0312/s);
  press(el, 'Run');
  await until(el, /1 of 12/);
  assert.match(el.textContent, /<b>sales<\/b>/);
  assert.equal(el.querySelector('b'), null);
  assert.equal(found(el, 'del').textContent, 'billing');
  dispose();
});

test('without prices the estimate is unpriced, never $0', async () => {
  const { el, dispose } = shown({ ...BODIES, estimate: examples.estimate[1] ?? {} });
  await until(el, /Choose the data/);
  choose(el, 'Data', 'frame:df');
  await until(el, /unpriced/);
  assert.doesNotMatch(el.textContent, /\$0/);
  dispose();
});

for (const [phase, words] of [
  ['estimating', /Estimating…/],
  ['paused', /Paused/],
  ['out of budget', /The spending cap is reached/],
  ['provider error', /A provider failed/],
  ['cancelled', /Cancelled/]
] as const) {
  test(`a run can be seen to be ${phase}`, async () => {
    const { el, dispose } = shown({ ...BODIES, run: { ...RUNNING, phase, message: 'so it is' } });
    await until(el, /Choose the data/);
    choose(el, 'Data', 'frame:df');
    await until(el, /\$0\.0312/);
    press(el, 'Run');
    await until(el, words);
    assert.match(el.textContent, /so it is/);
    dispose();
  });
}

for (const [n, forecast, words] of [
  [250, 140, /about 140 more pairs would decide, there are no more than 50/],
  [250, null, /too close to the margin to tell when it will be decided/],
  [12, null, /too few pairs to say how many more it takes/]
] as const) {
  test(`an undecided candidate says what would decide it: ${n} pairs, forecast ${forecast}`, async () => {
    const candidates = RUNNING?.candidates.map(one => ({ ...one, n, forecast }));
    const { el, dispose } = shown({ ...BODIES, run: { ...RUNNING, phase: 'done', candidates } });
    await until(el, /Choose the data/);
    choose(el, 'Data', 'frame:df');
    await until(el, /\$0\.0312/);
    press(el, 'Run');
    await until(el, /Done, not all decided/);
    assert.match(el.textContent, words);
    dispose();
  });
}

test('a refusal is shown, and a kernel of another version is told from that', async () => {
  const refused = shown({ ...BODIES, estimate: 'no column ‘x’' });
  await until(refused.el, /Choose the data/);
  choose(refused.el, 'Data', 'frame:df');
  await until(refused.el, /no column ‘x’/);
  refused.dispose();
  const complaint = console.error;
  console.error = () => undefined;
  const other = shown({ ...BODIES, hello: { version: 2 } });
  await until(other.el, /another version of costmagic/);
  console.error = complaint;
  other.dispose();
});

test('spend and policy have their tabs, reached by arrow keys', async () => {
  const { el, asked, dispose } = shown();
  await until(el, /Choose the data/);
  const tab = found(el, '[role=tab][aria-selected=true]');
  tab.dispatchEvent(new window.KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  await until(el, /≥ \$1\.25/);
  assert.match(el.textContent, /\+25%.*Tier distribution.*heavy.*35\.0%10\.0%.*\(none\)SIMULATED/);
  assert.match(el.textContent, /CRITICAL.*900%.*WARNING.*1 alert can’t be judged yet/);
  press(el, 'Silence daily-spend for a week');
  press(el, 'Tell tier-drift:heavy again');
  await new Promise(resolve => setTimeout(resolve, 50));
  assert.equal(asked().filter(type => type === 'silence').length, 2);
  const [period, by] = el.querySelectorAll('select');
  assert.deepEqual([period?.value, by?.value], ['7', 'feature']);
  found(el, '[role=tablist]').querySelectorAll<HTMLElement>('[role=tab]')[2]?.click();
  await until(el, /STALE/);
  press(el, 'Remove tickets');
  await until(el, /Keep it/);
  assert.equal(asked().includes('remove'), false);
  press(el, 'Yes, remove tickets');
  await new Promise(resolve => setTimeout(resolve, 50));
  assert.equal(asked().includes('remove'), true);
  dispose();
});

test('a form says what it lacks', () => {
  const form: Form = { ...empty(DEFAULTS), source: 'frame:df', prompt: 'x', baseline: 'heavy', candidates: ['medium'] };
  const said = (fields: Partial<Form>): unknown => read({ ...form, ...fields }, SOURCES, untranslated);
  assert.equal(typeof said({}), 'object');
  for (const [fields, words] of [
    [{ source: 'frame:gone' }, /Choose the data/],
    [{ prompt: ' ' }, /Write the prompt/],
    [{ expected: 'gone' }, /what is expected/],
    [{ baseline: '' }, /Choose the baseline/],
    [{ candidates: ['heavy'] }, /at least one candidate/],
    [{ margin: '0' }, /between 0 and 100/],
    [{ margin: 'x' }, /between 0 and 100/],
    [{ confidence: '100' }, /between 50 and 100/],
    [{ cap: '-1' }, /amount of dollars/],
    [{ limit: '1.5' }, /whole number/]
  ] as [Partial<Form>, RegExp][]) {
    assert.match(String(said(fields)), words);
  }
});

test('texts are compared word by word', () => {
  const told = (before: string, after: string): string =>
    (diff(before, after) ?? []).map(({ kind, text }) => `${kind[0] ?? ''}:${text.trim()}`).join(' ');
  assert.equal(told('one two three', 'one 2 three four'), 's:one g:two n:2 s:three n:four');
  assert.equal(told('', 'new'), 'n:new');
  assert.equal(told('same', 'same'), 's:same');
  assert.equal(diff('word '.repeat(601), 'x'), null);
});

test('figures are as people read them', () => {
  assert.deepEqual([0.02, 0.9333, 1].map(percent), ['2%', '93.3%', '100%']);
  assert.deepEqual([0.013, -0.004, 0, -0.0001].map(points), ['+1.3', '−0.4', '0.0', '0.0']);
  assert.deepEqual([0.2, 60, 120, 7_200].map(duration), ['1 s', '60 s', '2 min', '2.0 h']);
});

test('the chart writes the names of models that are alike below each other, inside its frame', () => {
  const marks = ['heavy', 'standard', 'medium', 'routing'].map(name => ({ name, cost: 1, accuracy: 1 }));
  const labels = placedLabels(
    marks,
    () => 100,
    () => 14
  );
  const heights = labels.map(label => label.y).sort((a, b) => a - b);
  assert.deepEqual(
    labels.map(label => label.name),
    ['heavy', 'standard', 'medium', 'routing']
  );
  heights.slice(1).forEach((y, index) => {
    assert.ok(y - (heights[index] ?? 0) >= 11);
  });
  assert.ok((heights[0] ?? 0) >= 11 && (heights.at(-1) ?? 0) < 166);
});

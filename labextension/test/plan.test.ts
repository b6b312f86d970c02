/** The Plan tab: what it asks, what it shows, and what it inserts. */
import { found } from './dom';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import examples from '../../tests/wire/panel.json';
import { Desk } from '../src/panel/desk';
import { mount } from '../src/panel/mount';
import { untranslated } from '../src/panel/trans';

interface Shown {
  el: HTMLElement;
  desk: Desk;
  inserted: string[];
  /** The days of the plans asked for so far. */
  asked: number[];
  dispose: () => void;
}

const DEFAULTS = { margin: 0.02, confidence: 0.95, cap: '0.5' };
const [PLAN, NOTHING] = examples.plan;

/** The panel at its Plan tab, whose kernel has these plans, one after the other, or refuses with a text. */
async function shown(plans: (object | string)[]): Promise<Shown> {
  const desk = new Desk('a.ipynb', 'starting', DEFAULTS, untranslated);
  const inserted: string[] = [];
  const asked: number[] = [];
  const el = document.createElement('div');
  document.body.replaceChildren(el);
  const unmount = mount(el, desk, { insertCell: code => inserted.push(code) });
  desk.tab.set('plan');
  const bodies: Record<string, object | undefined> = {
    hello: examples.hello[0],
    sources: { sources: [] },
    runs: { runs: [] },
    today: examples.today[0]
  };
  await desk.connected(message => {
    const { id, type, days } = message as { id: number; type: string; days?: number };
    let body: object | string | undefined = bodies[type];
    if (type === 'plan') {
      body = plans[Math.min(asked.length, plans.length - 1)];
      asked.push(days ?? 0);
    }
    queueMicrotask(() => {
      desk.door.receive(
        typeof body === 'string' ? { id, error: body, body: null } : { id, error: null, body: body ?? {} }
      );
    });
  });
  return {
    el,
    desk,
    inserted,
    asked,
    dispose: () => {
      unmount();
      desk.dispose();
    }
  };
}

async function until(el: HTMLElement, text: RegExp): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!text.test(el.textContent)) {
    assert.ok(Date.now() < deadline, `no ${String(text)} in ${el.textContent}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

test('a plan goes from the bill to the projection, and every technique says how and what does it', async () => {
  const { el, inserted, asked, dispose } = await shown([PLAN ?? {}]);
  await until(el, /\$0\.0105 could have been \$0\.0051: 51\.4% less/);
  assert.deepEqual(asked, [30]);
  assert.match(el.textContent, /SIMULATED/);
  const figure = found(el, 'svg');
  assert.equal(
    figure.getAttribute('aria-label'),
    "Waterfall. Today's bill: $0.0105; tiering, not evaluated: −$0.0024; exact cache: −$0.003; Projected: $0.0051"
  );
  const bars = [...figure.querySelectorAll('rect')].map(bar => [
    Math.round(Number(bar.getAttribute('x'))),
    Math.round(Number(bar.getAttribute('width')))
  ]);
  assert.deepEqual(bars, [
    [1, 358],
    [277, 82],
    [175, 102],
    [1, 174]
  ]);
  assert.equal([...figure.querySelectorAll('.cm-mod-assumed')].length, 1);
  const steps = [...el.querySelectorAll<HTMLElement>('.cm-step')];
  assert.deepEqual(
    steps.map(step => [...step.querySelectorAll('.cm-badge')].map(badge => badge.textContent)),
    [[], ['ASSUMED'], ['measured']]
  );
  assert.match(steps[0]?.textContent ?? '', /nothing found/);
  assert.match(steps[1]?.textContent ?? '', /saves \$0\.0024 \(22\.9%\), up to \$0\.0036/);
  assert.match(steps[1]?.textContent ?? '', /tickets: 1 call/);
  found(el, 'button[aria-label="Insert as code: tiering, not evaluated"]').click();
  assert.deepEqual(inserted, ["import costmagic as cm\n\ncm.evaluate('calls:tickets')"]);
  dispose();
});

test('other days are another plan, and cells that ran since are told', async () => {
  const { el, desk, asked, dispose } = await shown([PLAN ?? {}, NOTHING ?? {}, 'the ledger is locked']);
  await until(el, /could have been/);
  assert.doesNotMatch(el.textContent, /There were cells since/);
  desk.changed();
  await until(el, /There were cells since/);
  assert.deepEqual(asked, [30]);
  const days = found(el, 'select') as HTMLSelectElement;
  days.value = '7';
  days.dispatchEvent(new window.Event('change', { bubbles: true }));
  await until(el, /No priced call/);
  assert.deepEqual(asked, [30, 7]);
  assert.equal(el.querySelector('svg'), null);
  assert.equal(el.querySelector('.cm-step'), null);
  [...el.querySelectorAll('button')].find(button => button.textContent === 'Plan again')?.click();
  await until(el, /the ledger is locked/);
  assert.deepEqual(asked, [30, 7, 7]);
  assert.match(el.textContent, /No priced call/);
  dispose();
});

test('a plan that comes late does not take the place of the one asked for since', async () => {
  const { el, desk, dispose } = await shown([PLAN ?? {}]);
  await until(el, /could have been/);
  const answers: ((body: object) => void)[] = [];
  desk.door.ask = (_: string, __: object, decode: (body: unknown) => unknown) =>
    new Promise(resolve => {
      answers.push(body => {
        resolve(decode(body) as never);
      });
    });
  const [first, second] = [desk.planning.make(7), desk.planning.make(90)];
  answers[1]?.(NOTHING ?? {});
  await second;
  answers[0]?.(PLAN ?? {});
  await first;
  assert.equal(desk.planning.shown.value.plan?.calls, 0);
  assert.equal(desk.planning.shown.value.busy, false);
  dispose();
});

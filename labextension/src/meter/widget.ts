/** The live meter of a running call, as anywidget loads it. */
import type { RenderProps } from '@anywidget/types';

import { passFocusOn } from '../shared/dom';
import { follow, type State } from '../shared/state';
import { readMeter, type ToKernel } from '../shared/wire';
import { stopper } from './stop';
import { MeterView } from './view';

const TICK_MS = 100;

function render({ model, el, signal }: RenderProps<State>): void {
  const view = new MeterView();
  const running = new AbortController();
  signal.addEventListener(
    'abort',
    () => {
      running.abort();
    },
    { once: true }
  );
  el.append(view.root);
  const stop = stopper(
    model,
    view.root,
    outcome => {
      if (outcome === 'unreachable') {
        view.say('The running cell can’t be reached from here: interrupt the kernel.');
      }
    },
    running.signal
  );
  view.stop.addEventListener(
    'click',
    () => {
      if (view.stop.getAttribute('aria-disabled') !== 'true') {
        view.showStopping();
        stop({ type: 'stop' } satisfies ToKernel);
      }
    },
    { signal }
  );
  follow(
    model,
    readMeter,
    state => {
      view.show(state, performance.now());
      if (state.phase === 'done') {
        passFocusOn(view.root);
        running.abort();
      }
    },
    view.root,
    signal
  );
  const ticking = setInterval(() => {
    view.tick(performance.now());
  }, TICK_MS);
  running.signal.addEventListener(
    'abort',
    () => {
      clearInterval(ticking);
    },
    { once: true }
  );
}

export default { render };

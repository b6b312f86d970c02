/** A running comparison, as anywidget loads it. */
import type { RenderProps } from '@anywidget/types';

import { stopper } from '../meter/stop';
import { follow, type State } from '../shared/state';
import { CompareView } from './view';
import { readCompare } from './wire';

const TICK_MS = 200;

function render({ model, el, signal }: RenderProps<State>): void {
  const view = new CompareView(message => {
    if (message.type === 'stop' && message.column === null) {
      stop(message);
    } else {
      model.send(message);
    }
  }, signal);
  el.append(view.root);
  const stop = stopper(
    model,
    view.root,
    outcome => {
      if (outcome === 'unreachable') {
        view.say('The running cell can’t be reached from here: interrupt the kernel.');
      }
    },
    signal
  );
  follow(
    model,
    readCompare,
    state => {
      view.show(state, performance.now());
    },
    view.root,
    signal
  );
  const ticking = setInterval(() => {
    view.tick(performance.now());
  }, TICK_MS);
  signal.addEventListener(
    'abort',
    () => {
      clearInterval(ticking);
    },
    { once: true }
  );
}

export default { render };

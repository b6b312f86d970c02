/** The running total of a notebook, as anywidget loads it. */
import type { RenderProps } from '@anywidget/types';

import { follow, type State } from '../shared/state';
import { readTotals } from '../shared/wire';
import { TotalsView } from './view';

function render({ model, el, signal }: RenderProps<State>): void {
  const view = new TotalsView();
  el.append(view.root);
  follow(
    model,
    readTotals,
    state => {
      view.show(state);
    },
    view.root,
    signal
  );
}

export default { render };

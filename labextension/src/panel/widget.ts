/** The panel in a cell, as anywidget loads it. */
import type { RenderProps } from '@anywidget/types';

import { element } from '../shared/dom';
import { follow, listen, type State } from '../shared/state';
import { Desk } from './desk';
import { mount } from './mount';
import { untranslated } from './trans';
import { readState } from './wire';

function render({ model, el, signal }: RenderProps<State>): void {
  const view = element('div', '');
  el.append(view);
  let desk: Desk | null = null;
  follow(
    model,
    readState,
    ({ notebook, margin, confidence, cap }) => {
      if (desk !== null) {
        return;
      }
      const made = (desk = new Desk(notebook, 'starting', { margin, confidence, cap }, untranslated));
      listen(
        model,
        'msg:custom',
        message => {
          made.door.receive(message);
        },
        signal
      );
      const unmount = mount(view, made, {});
      signal.addEventListener(
        'abort',
        () => {
          unmount();
          made.dispose();
        },
        { once: true }
      );
      void made.connected(message => {
        model.send(message);
      });
    },
    view,
    signal
  );
}

export default { render };

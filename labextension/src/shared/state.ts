/** What the widgets share: showing the trait `state` as long as the view lives. */
import type { AnyModel } from '@anywidget/types';

import { DecodeError, type Decoder } from './decode';
import { element } from './dom';

/** Every widget has one trait: `state`, a dict that a decoder of `wire.ts` reads. */
export interface State {
  state: unknown;
}

/**
 * Call `show` with the state now and whenever it changes, until `signal` aborts. What can't be read replaces the
 * view by a line that says so.
 */
export function follow<T>(
  model: AnyModel<State>,
  decode: Decoder<T>,
  show: (state: T) => void,
  view: HTMLElement,
  signal: AbortSignal
): void {
  const update = (): void => {
    try {
      show(decode(model.get('state')));
    } catch (error) {
      if (!(error instanceof DecodeError)) {
        throw error;
      }
      console.error('costmagic:', error.message);
      view.replaceChildren(
        element('span', 'cm-muted', { role: 'alert' }, 'The kernel runs another version of costmagic: restart it.')
      );
    }
  };
  listen(model, 'change:state', update, signal);
  update();
}

/** Listen to the model until `signal` aborts. */
export function listen(
  model: AnyModel<State>,
  event: 'change:state' | 'msg:custom',
  listener: (message: unknown) => void,
  signal: AbortSignal
): void {
  model.on(event, listener);
  signal.addEventListener(
    'abort',
    () => {
      model.off(event, listener);
    },
    { once: true }
  );
}

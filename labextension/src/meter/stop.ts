/** The Stop button's way to the kernel: a message, and an interrupt where messages wait for the cell to end. */
import type { AnyModel } from '@anywidget/types';

import { DecodeError } from '../shared/decode';
import { listen, type State } from '../shared/state';
import { readAnswer } from '../shared/wire';
import { INTERRUPT_EVENT } from '../shared/interrupt';

/** How long the kernel may take to answer; it needs a tenth of that where its comms have subshells. */
export const PATIENCE_MS = 1_500;

export type Outcome = 'asked' | 'interrupted' | 'unreachable';

/**
 * A function that asks the kernel, by a message, to stop the call. Each press tells `onOutcome` how that goes; nothing is
 * interrupted after `signal` has aborted: by then another cell may be running.
 */
export function stopper(
  model: AnyModel<State>,
  view: HTMLElement,
  onOutcome: (outcome: Outcome) => void,
  signal: AbortSignal
): (message: object) => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const answered = (): void => {
    clearTimeout(waiting);
  };
  signal.addEventListener('abort', answered, { once: true });
  listen(
    model,
    'msg:custom',
    message => {
      try {
        readAnswer(message);
        answered();
      } catch (error) {
        if (!(error instanceof DecodeError)) {
          throw error;
        }
      }
    },
    signal
  );
  return message => {
    model.send(message);
    onOutcome('asked');
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const event = new CustomEvent(INTERRUPT_EVENT, { bubbles: true, composed: true, cancelable: true });
      view.dispatchEvent(event);
      onOutcome(event.defaultPrevented ? 'interrupted' : 'unreachable');
    }, PATIENCE_MS);
  };
}

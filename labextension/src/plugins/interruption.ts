/** Interrupts a notebook's kernel when a widget in it asks for that. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { INTERRUPT_EVENT } from '../shared/interrupt';

/**
 * A message to the kernel waits for the running cell where comms have no subshells; an interrupt, which only the
 * front end's own kernel connection can send, does not.
 */
export const interruption: JupyterFrontEndPlugin<void> = {
  id: 'costmagic:interruption',
  description: 'Lets the Stop button of a running call interrupt the kernel where no message would reach it.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker) => {
    document.addEventListener(INTERRUPT_EVENT, event => {
      const target = event.target;
      const panel = tracker.find(one => target instanceof Node && one.node.contains(target));
      const kernel = panel?.sessionContext.session?.kernel;
      if (kernel) {
        event.preventDefault();
        void kernel.interrupt();
      }
    });
  }
};

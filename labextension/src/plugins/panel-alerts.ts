/** A notification for each alert that nobody has been told of yet. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Desk } from '../panel/desk';

const WARNING_MS = 10_000;

/** Tell what is fresh in each answer that `desk` gets; the kernel says of an alert only once that it is. */
export function notify(desk: Desk, open: () => void, trans: TranslationBundle): () => void {
  return desk.alerts.subscribe(() => {
    for (const alert of desk.alerts.value?.alerts ?? []) {
      if (alert.fresh) {
        const critical = alert.severity === 'critical';
        Notification.emit(alert.title, critical ? 'error' : 'warning', {
          // What goes by itself stays in the notification centre.
          autoClose: critical ? false : WARNING_MS,
          actions: [{ label: trans.__('Show'), callback: open }]
        });
      }
    }
  });
}

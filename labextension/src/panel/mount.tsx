/** Puts the panel into an element. */
import * as React from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './app';
import type { Desk } from './desk';
import type { Host } from './host';

/** Returns what takes it away again. */
export function mount(el: HTMLElement, desk: Desk, host: Host): () => void {
  const root = createRoot(el);
  root.render(<App desk={desk} host={host} />);
  return () => {
    root.unmount();
  };
}

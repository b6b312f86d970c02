/** What the place where the panel stands can do for it. */
import * as React from 'react';

export interface Host {
  /** Load costmagic into the notebook's kernel. */
  load?: () => void;
  /** Give the notebook a kernel. */
  startKernel?: () => void;
  /** Put a cell with this code below the active one. */
  insertCell?: (code: string) => void;
}

const Context = React.createContext<Host>({});

export const HostProvider = Context.Provider;

export function useHost(): Host {
  return React.useContext(Context);
}

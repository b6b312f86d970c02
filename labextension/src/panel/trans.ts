/** The panel's words: JupyterLab's translator in the plugin, the words as they stand here where there is none. */
import * as React from 'react';

/** The part of JupyterLab's translation bundle that the panel uses: `%1`, `%2`, … are filled in. */
export interface Trans {
  __(text: string, ...values: unknown[]): string;
  /** `%1` is `n`. */
  _n(singular: string, plural: string, n: number, ...values: unknown[]): string;
}

function fill(text: string, values: unknown[]): string {
  return text.replace(/%(\d+)/g, (_, place: string) => String(values[Number(place) - 1]));
}

export const untranslated: Trans = {
  __: (text, ...values) => fill(text, values),
  _n: (singular, plural, n, ...values) => fill(n === 1 ? singular : plural, [n, ...values])
};

const Context = React.createContext<Trans>(untranslated);

export const TransProvider = Context.Provider;

export function useTrans(): Trans {
  return React.useContext(Context);
}

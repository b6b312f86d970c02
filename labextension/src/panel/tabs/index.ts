/** The panel's tabs, in their order: each is one file beside this one. */
import type * as React from 'react';

import type { Desk } from '../desk';
import type { Trans } from '../trans';
import { evaluateTab } from './evaluate';
import { planTab } from './plan';
import { policyTab } from './policy';
import { spendTab } from './spend';

export interface TabSpec {
  id: string;
  label: (trans: Trans) => string;
  Tab: (props: { desk: Desk }) => React.JSX.Element;
}

export const TABS: readonly TabSpec[] = [evaluateTab, spendTab, policyTab, planTab];

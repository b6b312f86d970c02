/** What the panel shows, and offers to do, where costmagic can't be talked to. */
import * as React from 'react';

import type { Link } from './desk';
import { Button } from './fields';
import { useHost } from './host';
import { useTrans } from './trans';

const LOAD = '%load_ext costmagic';

export function NotReady({ link }: { link: Link }): React.JSX.Element {
  const trans = useTrans();
  const host = useHost();
  let said: string;
  let act: React.JSX.Element | null = null;
  switch (link.phase) {
    case 'no notebook':
      said = trans.__(
        'Open a notebook: the panel shows what its language models cost, and which cheaper one would do.'
      );
      break;
    case 'no kernel':
      said = trans.__('This notebook has no kernel.');
      act = host.startKernel ? <Button onClick={host.startKernel}>{trans.__('Start a kernel')}</Button> : null;
      break;
    case 'foreign':
      said = trans.__('costmagic works with Python kernels; the kernel of this notebook is of another language.');
      break;
    case 'absent':
      said = trans.__('costmagic is not loaded in this notebook.');
      act = host.load ? (
        <Button primary onClick={host.load}>
          {trans.__('Load costmagic')}
        </Button>
      ) : null;
      break;
    case 'loading':
      said = trans.__('Loading costmagic, after the running cell if there is one.');
      break;
    case 'broken':
      said = trans.__('costmagic can’t work in this notebook.');
      act = host.load ? <Button onClick={host.load}>{trans.__('Try again')}</Button> : null;
      break;
    default:
      said = trans.__('The kernel is starting.');
  }
  return (
    <div className="cm-panel-message" role="status">
      <p>{said}</p>
      {link.problem === null ? null : (
        <p role="alert" className="cm-problem">
          {link.problem}
        </p>
      )}
      {act}
      {link.phase === 'absent' ? (
        <p className="cm-muted">
          {trans.__('Or run this in a cell:')} <code>{LOAD}</code>
        </p>
      ) : null}
    </div>
  );
}

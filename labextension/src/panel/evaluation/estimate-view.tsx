/** What a run will cost, before it can be started. */
import * as React from 'react';

import { dollars, integer } from '../../shared/format';
import type { Evaluate } from '../evaluate';
import { Button } from '../fields';
import { useStore } from '../store';
import { useTrans } from '../trans';
import type { Estimate } from './wire';

export function EstimateView({ evaluate }: { evaluate: Evaluate }): React.JSX.Element {
  const trans = useTrans();
  const estimated = useStore(evaluate.draft.estimated);
  const { asking } = useStore(evaluate.shown);
  return (
    <div className="cm-estimate">
      <div role="status" aria-live="polite">
        {estimated.state === 'incomplete' ? <p className="cm-muted">{estimated.message}</p> : null}
        {estimated.state === 'pending' ? <p className="cm-muted">{trans.__('Estimating the cost…')}</p> : null}
        {estimated.state === 'refused' ? <p className="cm-problem">{estimated.message}</p> : null}
        {estimated.state === 'ready' ? <Figures estimate={estimated.estimate} /> : null}
      </div>
      <Button
        primary
        disabled={estimated.state !== 'ready' || asking}
        onClick={() => {
          void evaluate.start();
        }}
      >
        {trans.__('Run')}
      </Button>
    </div>
  );
}

function Figures({ estimate }: { estimate: Estimate }): React.JSX.Element {
  const trans = useTrans();
  const { low, likely, most, cap } = estimate;
  const stops = cap !== null && (most === null || Number(cap) < Number(most));
  const short = cap !== null && likely !== null && Number(cap) < Number(likely);
  return (
    <>
      <p>
        <strong className="cm-number">{likely === null ? trans.__('unpriced') : `≈ ${dollars(likely)}`}</strong>{' '}
        <span className="cm-muted">
          {low === null ? '' : trans.__('or %1 if all models agree.', dollars(low))}{' '}
          {stops ? trans.__('It stops at the cap of %1.', dollars(cap)) : ''}
          {!stops && most !== null ? trans.__('At most %1.', dollars(most)) : ''}
        </span>
      </p>
      {short ? <p className="cm-stale">{trans.__('The cap may be reached before everything is decided.')}</p> : null}
      <p className="cm-muted">
        {trans.__(
          '%1 items, %2 calls at most, about %3 tokens',
          integer(estimate.items),
          integer(estimate.calls),
          integer(estimate.tokens)
        )}
      </p>
      <table className="cm-table">
        <caption>{trans.__('Estimated cost by model')}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Model')}</th>
            <th scope="col">{trans.__('Calls')}</th>
            <th scope="col">{trans.__('Cost')}</th>
          </tr>
        </thead>
        <tbody>
          {estimate.models.map(model => (
            <tr key={model.name}>
              <th scope="row">
                {model.name}{' '}
                {model.simulated ? <span className="cm-badge cm-badge-warn">{trans.__('SIMULATED')}</span> : null}
              </th>
              <td className="cm-number" data-label={trans.__('Calls')}>
                {integer(model.calls)}
              </td>
              <td className="cm-number" data-label={trans.__('Cost')}>
                {dollars(model.cost)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {estimate.notes.map(note => (
        <p key={note} className="cm-hint">
          {note}
        </p>
      ))}
    </>
  );
}

/** Runs of the past, to look at or to go on with. */
import * as React from 'react';

import type { Evaluate } from '../evaluate';
import { Button } from '../fields';
import { useStore } from '../store';
import { useTrans } from '../trans';

export function StoredRuns({ evaluate }: { evaluate: Evaluate }): React.JSX.Element | null {
  const trans = useTrans();
  const runs = useStore(evaluate.runs);
  if (runs.length === 0) {
    return null;
  }
  return (
    <section className="cm-stored" aria-label={trans.__('Earlier runs')}>
      <h3>{trans.__('Earlier runs')}</h3>
      <ul>
        {runs.map(run => (
          <li key={run.id}>
            <span className="cm-stored-what">
              <strong>{run.feature ?? trans.__('(no feature)')}</strong> {run.baseline} → {run.candidates.join(', ')}
            </span>
            <span className="cm-muted">
              {run.started} · {run.phase}
            </span>
            <span className="cm-row">
              <Button
                label={trans.__('Show the run of %1', run.started)}
                onClick={() => {
                  void evaluate.open(run.id);
                }}
              >
                {trans.__('Show')}
              </Button>
              {run.resumable ? (
                <Button
                  label={trans.__('Resume the run of %1', run.started)}
                  onClick={() => {
                    void evaluate.goOn(run.id);
                  }}
                >
                  {trans.__('Resume')}
                </Button>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

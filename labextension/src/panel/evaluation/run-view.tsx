/** A run: how far it is, what it has found, and what can be done with it. */
import * as React from 'react';

import { dollars } from '../../shared/format';
import type { Evaluate } from '../evaluate';
import { Button, TextField } from '../fields';
import { useHost } from '../host';
import { useStore } from '../store';
import { useTrans, type Trans } from '../trans';
import type { Run } from './wire';
import { Candidates } from './candidates';
import { Chart } from './chart';
import { Disagreements } from './disagreements';
import { duration, percent } from './figures';

export function RunView({ evaluate, run }: { evaluate: Evaluate; run: Run }): React.JSX.Element {
  const trans = useTrans();
  const { asking } = useStore(evaluate.shown);
  const moving = run.phase === 'running' || run.phase === 'estimating';
  const resumable = run.phase === 'paused' || run.phase === 'provider error';
  return (
    <div className="cm-run">
      <div className="cm-row">
        <Button
          onClick={() => {
            evaluate.leave();
          }}
        >
          {trans.__('← New evaluation')}
        </Button>
        {moving ? (
          <Button
            disabled={asking}
            onClick={() => {
              void evaluate.pause();
            }}
          >
            {trans.__('Pause')}
          </Button>
        ) : null}
        {resumable ? (
          <Button
            primary
            disabled={asking}
            onClick={() => {
              void evaluate.resume();
            }}
          >
            {trans.__('Resume')}
          </Button>
        ) : null}
        {moving || resumable ? (
          <Button
            disabled={asking}
            onClick={() => {
              void evaluate.cancel();
            }}
          >
            {trans.__('Cancel')}
          </Button>
        ) : null}
      </div>
      <Progress run={run} />
      {run.phase === 'out of budget' ? <Raise evaluate={evaluate} run={run} /> : null}
      <Candidates run={run} />
      <Chart run={run} />
      {moving ? null : <Outcome evaluate={evaluate} run={run} />}
    </div>
  );
}

/** The phase in words; a screen reader hears it when it changes, not at every figure. */
function phased(run: Run, trans: Trans): string {
  switch (run.phase) {
    case 'estimating':
      return trans.__('Estimating…');
    case 'running':
      return trans.__('Running');
    case 'paused':
      return trans.__('Paused');
    case 'out of budget':
      return trans.__('The spending cap is reached');
    case 'provider error':
      return trans.__('A provider failed');
    case 'cancelled':
      return trans.__('Cancelled');
    case 'done':
      return run.candidates.some(one => one.verdict === 'undecided')
        ? trans.__('Done, not all decided')
        : trans.__('Done');
  }
}

function Progress({ run }: { run: Run }): React.JSX.Element {
  const trans = useTrans();
  const cap = Number(run.cap ?? 0);
  const share = cap > 0 ? Math.min(1, Number(run.spent) / cap) : 0;
  const money =
    run.cap === null
      ? trans.__('%1 spent', dollars(run.spent, run.unpriced))
      : trans.__('%1 of %2 spent', dollars(run.spent, run.unpriced), dollars(run.cap));
  const left = run.eta_s === null || run.phase !== 'running' ? '' : trans.__('about %1 left', duration(run.eta_s));
  return (
    <div className="cm-progress" data-phase={run.phase}>
      <div className="cm-row">
        <strong role="status" aria-live="polite" className="cm-phase">
          {phased(run, trans)}
        </strong>
        <span className="cm-number cm-muted">{money}</span>
        {run.simulated ? <span className="cm-badge cm-badge-warn">{trans.__('SIMULATED')}</span> : null}
        <span className="cm-number cm-muted">{left}</span>
      </div>
      {run.cap === null ? null : (
        <div
          className="cm-track"
          role="meter"
          aria-label={trans.__('Share of the cap that is spent')}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
          aria-valuetext={money}
        >
          <div className="cm-track-done" style={{ width: `${(share * 100).toFixed(1)}%` }} />
        </div>
      )}
      {run.message === null ? null : (
        <p role="alert" className={run.phase === 'provider error' ? 'cm-problem' : 'cm-hint'}>
          {run.message}
        </p>
      )}
    </div>
  );
}

/** More money for a run that has used up its own. */
function Raise({ evaluate, run }: { evaluate: Evaluate; run: Run }): React.JSX.Element {
  const trans = useTrans();
  const { asking } = useStore(evaluate.shown);
  const [cap, setCap] = React.useState(String(Number(run.cap ?? 0) * 2));
  return (
    <div className="cm-field-row cm-path">
      <TextField numeric label={trans.__('New cap')} unit="USD" value={cap} onChange={setCap} />
      <Button
        primary
        disabled={asking || !(Number(cap) > Number(run.cap ?? 0))}
        onClick={() => {
          void evaluate.resume(cap.trim());
        }}
      >
        {trans.__('Resume')}
      </Button>
    </div>
  );
}

/** What the run has found, and what to do about it. */
function Outcome({ evaluate, run }: { evaluate: Evaluate; run: Run }): React.JSX.Element {
  const trans = useTrans();
  const host = useHost();
  const { done, code } = useStore(evaluate.shown);
  const best = run.cheapest_passing;
  const asCode = async (): Promise<void> => {
    const made = await evaluate.code();
    if (made !== null) {
      host.insertCell?.(made);
    }
  };
  return (
    <>
      <section className="cm-outcome" aria-label={trans.__('Outcome')}>
        {best === null ? (
          <p>{trans.__('No cheaper model is shown to be good enough.')}</p>
        ) : (
          <p>
            {trans.__(
              '%1 is the cheapest that passes: not worse by %2 or more, with %3 confidence.',
              best,
              percent(run.margin),
              percent(run.confidence)
            )}
          </p>
        )}
        {run.savings === null ? null : <p>{run.savings}</p>}
        <div className="cm-row">
          {best === null || run.feature === null ? null : (
            <Button
              primary
              onClick={() => {
                void evaluate.adopt(best);
              }}
            >
              {trans.__('Adopt %1 for %2', best, run.feature)}
            </Button>
          )}
          <Button onClick={() => void asCode()}>
            {host.insertCell ? trans.__('Insert as code') : trans.__('Show as code')}
          </Button>
        </div>
        {best !== null && run.feature === null ? (
          <p className="cm-hint">{trans.__('Name a feature to be able to adopt it: policies hang on features.')}</p>
        ) : null}
        <p role="status" className="cm-good">
          {done === null ? '' : trans.__('Adopted: %1', done)}
        </p>
        {code === null || host.insertCell ? null : (
          <pre className="cm-code" tabIndex={0}>
            {code}
          </pre>
        )}
      </section>
      <Disagreements evaluate={evaluate} run={run} />
    </>
  );
}

/** A row per candidate: how good, how dear, and what is decided. */
import * as React from 'react';

import { dollars, integer } from '../../shared/format';
import { useTrans, type Trans } from '../trans';
import type { Candidate, Run } from './wire';
import { percent, points } from './figures';

export function Candidates({ run }: { run: Run }): React.JSX.Element {
  const trans = useTrans();
  const { baseline } = run;
  return (
    <table className="cm-table cm-cards cm-candidates">
      <caption>{trans.__('Margin %1, confidence %2', percent(run.margin), percent(run.confidence))}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Model')}</th>
          <th scope="col">{trans.__('Accuracy')}</th>
          <th scope="col">{trans.__('Drop, points')}</th>
          <th scope="col">{trans.__('Per 1,000 calls')}</th>
          <th scope="col">{trans.__('Pairs')}</th>
          <th scope="col">{trans.__('Verdict')}</th>
        </tr>
      </thead>
      <tbody>
        <tr data-model={baseline.name} className="cm-baseline">
          <th scope="row">
            <Name name={baseline.name} model={baseline.ref} simulated={baseline.simulated} />
          </th>
          <td className="cm-number" data-label={trans.__('Accuracy')}>
            {accuracy(baseline.accuracy)}
            {baseline.ceiling === null ? null : (
              <div className="cm-hint">{trans.__('agrees with itself: %1', percent(baseline.ceiling))}</div>
            )}
          </td>
          <td className="cm-muted" data-label={trans.__('Drop, points')}>
            {trans.__('baseline')}
          </td>
          <td className="cm-number" data-label={trans.__('Per 1,000 calls')}>
            {cost(baseline.cost_per_1000, baseline.n)}
          </td>
          <td className="cm-number" data-label={trans.__('Pairs')}>
            {integer(baseline.n)}
          </td>
          <td data-label={trans.__('Verdict')} />
        </tr>
        {run.candidates.map(candidate => (
          <Row key={candidate.name} candidate={candidate} run={run} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ candidate, run }: { candidate: Candidate; run: Run }): React.JSX.Element {
  const trans = useTrans();
  const { drop, low, high } = candidate;
  return (
    <tr data-model={candidate.name}>
      <th scope="row">
        <Name name={candidate.name} model={candidate.ref} simulated={candidate.simulated} />
      </th>
      <td className="cm-number" data-label={trans.__('Accuracy')}>
        {accuracy(candidate.accuracy)}
      </td>
      <td className="cm-number" data-label={trans.__('Drop, points')}>
        {drop === null ? '–' : points(drop)}
        {low === null || high === null ? null : (
          <span className="cm-muted">
            {' '}
            [{points(low)}, {points(high)}]
          </span>
        )}
      </td>
      <td className="cm-number" data-label={trans.__('Per 1,000 calls')}>
        {cost(candidate.cost_per_1000, candidate.n)}
      </td>
      <td className="cm-number" data-label={trans.__('Pairs')}>
        {integer(candidate.n)}
        {candidate.errors > 0 ? (
          <div className="cm-bad" title={candidate.last_error ?? ''}>
            {trans._n('%1 error', '%1 errors', candidate.errors)}
          </div>
        ) : null}
      </td>
      <td data-label={trans.__('Verdict')}>
        <span className={`cm-verdict cm-mod-${candidate.verdict}`}>{verdict(candidate, trans)}</span>
        <div className="cm-hint">{explained(candidate, run, trans)}</div>
        <Plain candidate={candidate} />
      </td>
    </tr>
  );
}

function Name({ name, model, simulated }: { name: string; model: string; simulated: boolean }): React.JSX.Element {
  const trans = useTrans();
  return (
    <>
      {name} {simulated ? <span className="cm-badge cm-badge-warn">{trans.__('SIMULATED')}</span> : null}
      {model === name ? null : <div className="cm-muted cm-ref">{model}</div>}
    </>
  );
}

/** The article's rule beside the verdict, with the chance that it errs. */
function Plain({ candidate }: { candidate: Candidate }): React.JSX.Element | null {
  const trans = useTrans();
  const { plain } = candidate;
  if (plain === null) {
    return null;
  }
  const rule = plain.passes ? trans.__('plain rule: passes') : trans.__('plain rule: fails');
  const told = trans.__(
    'The observed drop alone, against the margin. At this number of pairs it approves a model that is worse by the margin with a chance of %1.',
    percent(plain.chance_of_error)
  );
  return (
    <div className="cm-hint" title={told}>
      {rule} <span className="cm-number">{trans.__('(chance of error %1)', percent(plain.chance_of_error))}</span>
    </div>
  );
}

function verdict({ verdict }: Candidate, trans: Trans): string {
  switch (verdict) {
    case 'pass':
      return trans.__('✓ passes');
    case 'fail':
      return trans.__('✗ fails');
    case 'undecided':
      return trans.__('undecided');
  }
}

/** The kernel forecasts nothing from fewer pairs. */
const FORECAST_FROM = 20;

/** What would decide an undecided one. */
function explained(candidate: Candidate, run: Run, trans: Trans): string {
  if (candidate.verdict !== 'undecided' || candidate.n === 0) {
    return '';
  }
  if (candidate.forecast === null) {
    return candidate.n < FORECAST_FROM
      ? trans.__('too few pairs to say how many more it takes')
      : trans.__('too close to the margin to tell when it will be decided');
  }
  const left = run.items - candidate.n;
  return candidate.forecast > left && run.phase !== 'running'
    ? trans._n(
        'about %1 more pair would decide, there are no more than %2',
        'about %1 more pairs would decide, there are no more than %2',
        candidate.forecast,
        integer(Math.max(0, left))
      )
    : trans._n('about %1 more pair decides', 'about %1 more pairs decide', candidate.forecast);
}

function accuracy(share: number | null): string {
  return share === null ? '–' : percent(share);
}

/** Nothing is known of the cost before the first call. */
function cost(amount: string | null, n: number): string {
  return amount === null && n === 0 ? '–' : dollars(amount);
}

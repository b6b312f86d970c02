/** What was spent on what, the six measures, and what is out of line. */
import * as React from 'react';

import { dollars, integer, percent } from '../../shared/format';
import { useAsked } from '../asked';
import type { Desk } from '../desk';
import { Select } from '../fields';
import { AlertList } from '../spending/alert-list';
import { DayBars } from '../spending/day-bars';
import { MetricView } from '../spending/metric-view';
import { useStore } from '../store';
import { useTrans } from '../trans';
import { readSpend, type Spend } from '../spending/wire';
import type { TabSpec } from '.';

export const spendTab: TabSpec = { id: 'spend', label: trans => trans.__('Spend'), Tab: SpendTab };

function SpendTab({ desk }: { desk: Desk }): React.JSX.Element {
  const trans = useTrans();
  const chosen = useStore(desk.spend);
  const { value, problem } = useAsked(desk, 'spend', readSpend, chosen);
  return (
    <>
      <AlertList desk={desk} />
      <div className="cm-spend-controls">
        <Select
          label={trans.__('Period')}
          value={String(chosen.days)}
          onChange={days => {
            desk.spend.put({ days: Number(days) });
          }}
          choices={[
            { value: '1', label: trans.__('Today') },
            { value: '7', label: trans.__('7 days') },
            { value: '30', label: trans.__('30 days') }
          ]}
        />
        <Select
          label={trans.__('By')}
          value={chosen.by}
          onChange={by => {
            desk.spend.put({ by });
          }}
          choices={[
            { value: 'feature', label: trans.__('Feature') },
            { value: 'model', label: trans.__('Model') },
            { value: 'tier', label: trans.__('Tier') },
            { value: 'action', label: trans.__('User action') }
          ]}
        />
      </div>
      {problem === null ? null : (
        <p role="alert" className="cm-problem">
          {problem}
        </p>
      )}
      {value === null ? (
        <p className="cm-muted">{problem === null ? trans.__('Asking the ledger…') : ''}</p>
      ) : (
        <>
          <Total spend={value} />
          {value.days.length > 1 ? <DayBars days={value.days} /> : null}
          {value.metrics.map(metric => (
            <MetricView key={metric.name} metric={metric} />
          ))}
        </>
      )}
    </>
  );
}

function Total({ spend }: { spend: Spend }): React.JSX.Element {
  const trans = useTrans();
  const { total, before } = spend;
  const change = Number(before) > 0 ? Number(total.cost) / Number(before) - 1 : null;
  const figures: [string, string, string?][] = [
    [trans.__('Spent'), dollars(total.cost, total.unpriced > 0)],
    [
      trans.__('Change'),
      change === null ? '–' : `${change < 0 ? '−' : '+'}${percent(Math.abs(change))}`,
      trans.__('on as many days before')
    ],
    [trans.__('Calls'), integer(total.calls)],
    [trans.__('From the cache'), total.calls > 0 ? percent(total.hits / total.calls) : '–'],
    [trans.__('Avoided by it'), dollars(total.avoided)]
  ];
  if (Number(total.simulated_cost) > 0) {
    figures.push([trans.__('SIMULATED'), dollars(total.simulated_cost), trans.__('no real money')]);
  }
  return (
    <dl className="cm-figures" aria-label={trans.__('%1 to %2', spend.start, spend.end)}>
      {figures.map(([label, value, note]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
          {note === undefined ? null : <dd className="cm-muted cm-hint">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}

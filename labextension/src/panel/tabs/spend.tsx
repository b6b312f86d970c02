/** Today's spend by feature. */
import * as React from 'react';

import { dollars, integer } from '../../shared/format';
import { useAsked } from '../asked';
import type { Desk } from '../desk';
import { useTrans, type Trans } from '../trans';
import { readSpend, type Spend } from '../wire';
import type { TabSpec } from '.';

export const spendTab: TabSpec = { id: 'spend', label: trans => trans.__('Spend'), Tab: SpendTab };

function SpendTab({ desk }: { desk: Desk }): React.JSX.Element {
  const trans = useTrans();
  const { value, problem } = useAsked(desk, 'spend', readSpend);
  return (
    <>
      {problem === null ? null : (
        <p role="alert" className="cm-problem">
          {problem}
        </p>
      )}
      {value === null ? (
        <p className="cm-muted">{problem === null ? trans.__('Asking the ledger…') : ''}</p>
      ) : value.rows.length === 0 ? (
        <p>{trans.__('No calls today yet.')}</p>
      ) : (
        <SpendTable spend={value} />
      )}
    </>
  );
}

function SpendTable({ spend }: { spend: Spend }): React.JSX.Element {
  const trans = useTrans();
  const simulated = Number(spend.total.simulated_cost) > 0;
  return (
    <table className="cm-table cm-cards">
      <caption>{trans.__('Spend today, by feature')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Feature')}</th>
          <th scope="col">{trans.__('Cost')}</th>
          <th scope="col">{trans.__('Calls')}</th>
          <th scope="col">{trans.__('From the cache')}</th>
          <th scope="col">{trans.__('Avoided')}</th>
          {simulated ? <th scope="col">{trans.__('SIMULATED')}</th> : null}
        </tr>
      </thead>
      <tbody>
        {spend.rows.map(row => (
          <tr key={row.feature ?? ''}>{cells(row, row.feature ?? trans.__('(none)'), simulated, trans)}</tr>
        ))}
      </tbody>
      {spend.rows.length > 1 ? (
        <tfoot>
          <tr>{cells(spend.total, trans.__('Total'), simulated, trans)}</tr>
        </tfoot>
      ) : null}
    </table>
  );
}

function cells(row: Spend['total'], name: string, simulated: boolean, trans: Trans): React.JSX.Element {
  return (
    <>
      <th scope="row">{name}</th>
      <td className="cm-number" data-label={trans.__('Cost')}>
        {dollars(row.cost, row.unpriced > 0)}
      </td>
      <td className="cm-number" data-label={trans.__('Calls')}>
        {integer(row.calls)}
      </td>
      <td className="cm-number" data-label={trans.__('From the cache')}>
        {integer(row.hits)}
      </td>
      <td className="cm-number" data-label={trans.__('Avoided')}>
        {dollars(row.avoided)}
      </td>
      {simulated ? (
        <td className="cm-number" data-label={trans.__('SIMULATED')}>
          {dollars(row.simulated_cost)}
        </td>
      ) : null}
    </>
  );
}

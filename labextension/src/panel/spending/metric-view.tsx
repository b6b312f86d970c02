/** One of the six measures: a table, its headline as bars, and what to know about it. */
import * as React from 'react';

import { useTrans } from '../trans';
import type { Metric } from './wire';

export function MetricView({ metric }: { metric: Metric }): React.JSX.Element {
  const trans = useTrans();
  const [name = '', ...columns] = metric.columns;
  const [title = '', more = ''] = metric.title.split(/: (.*)/s);
  return (
    <details className="cm-metric" open>
      <summary>{title}</summary>
      {more === '' ? null : <p className="cm-muted cm-hint">{more}</p>}
      {metric.rows.length === 0 ? (
        <p className="cm-muted">{trans.__('No calls say anything about it.')}</p>
      ) : (
        <table className="cm-table cm-cards" aria-label={title}>
          <thead>
            <tr>
              <th scope="col">{name}</th>
              {columns.map(column => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {metric.rows.map(row => (
              <tr key={`${row.name ?? ''} ${String(row.simulated)}`}>
                <th scope="row">
                  {row.name ?? trans.__('(none)')}
                  {row.simulated ? <span className="cm-badge cm-badge-warn">{trans.__('SIMULATED')}</span> : null}
                  {row.bar === null ? null : <Bar value={row.bar} design={row.design} simulated={row.simulated} />}
                </th>
                {row.cells.map((cell, place) => (
                  <td key={columns[place]} className="cm-number" data-label={columns[place]}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {metric.notes.map(note => (
        <p key={note} className="cm-muted cm-hint">
          {note}
        </p>
      ))}
    </details>
  );
}

function Bar({
  value,
  design,
  simulated
}: {
  value: number;
  design: number | null;
  simulated: boolean;
}): React.JSX.Element {
  return (
    <span className="cm-bar" aria-hidden="true">
      <span
        className={simulated ? 'cm-bar-value cm-mod-simulated' : 'cm-bar-value'}
        style={{ width: `${value * 100}%` }}
      />
      {design === null ? null : <span className="cm-bar-design" style={{ left: `${design * 100}%` }} />}
    </span>
  );
}

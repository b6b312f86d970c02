/** Spend of each day as bars; simulated spend is hollow and beside it. */
import * as React from 'react';

import { dollars } from '../../shared/format';
import { useTrans } from '../trans';
import type { Spend } from './wire';

export function DayBars({ days }: { days: Spend['days'] }): React.JSX.Element {
  const trans = useTrans();
  const most = Math.max(...days.map(day => Math.max(Number(day.cost), Number(day.simulated_cost)))) || 1;
  const first = days[0]?.day ?? '';
  const last = days[days.length - 1]?.day ?? '';
  return (
    <figure className="cm-days">
      <ol aria-label={trans.__('Spend of each day')}>
        {days.map(day => {
          const simulated = Number(day.simulated_cost) > 0;
          const told =
            trans.__('%1: %2', day.day, dollars(day.cost, day.unpriced > 0)) +
            (simulated ? ` ${trans.__('(SIMULATED besides: %1)', dollars(day.simulated_cost))}` : '');
          return (
            <li key={day.day} title={told} aria-label={told}>
              <span className="cm-day-bar" style={{ height: `${(Number(day.cost) / most) * 100}%` }} />
              {simulated ? (
                <span
                  className="cm-day-bar cm-mod-simulated"
                  style={{ height: `${(Number(day.simulated_cost) / most) * 100}%` }}
                />
              ) : null}
            </li>
          );
        })}
      </ol>
      <figcaption className="cm-muted">
        <span>{first}</span>
        <span>{last}</span>
      </figcaption>
    </figure>
  );
}

/** From today's bill to the projected one: a bar for each step that saves. */
import * as React from 'react';

import { dollars } from '../../shared/format';
import { useTrans, type Trans } from '../trans';
import type { Plan } from './wire';

const WIDTH = 360;
const ROW = 34;
const BAR = { top: 16, height: 12 };

interface Bar {
  name: string;
  label: string;
  told: string;
  /** Ends in USD: only drawn, so floats will do. */
  low: number;
  high: number;
  kind: 'bill' | 'measured' | 'assumed' | 'projected';
}

export function Waterfall({ plan }: { plan: Plan }): React.JSX.Element | null {
  const trans = useTrans();
  const pattern = React.useId();
  const bill = Number(plan.bill);
  if (bill <= 0) {
    return null;
  }
  const bars = barsOf(plan, trans);
  const told = bars.map(bar => `${bar.label}: ${bar.told}`).join('; ');
  const x = (value: number): number => (value / bill) * (WIDTH - 2) + 1;
  return (
    <figure className="cm-chart cm-waterfall">
      <svg viewBox={`0 0 ${WIDTH} ${bars.length * ROW}`} role="img" aria-label={trans.__('Waterfall. %1', told)}>
        <defs>
          <pattern id={pattern} width={5} height={5} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <line className="cm-hatch" x1={0} y1={0} x2={0} y2={5} />
          </pattern>
        </defs>
        {bars.map((bar, place) => (
          <g key={bar.name} className={`cm-bar cm-mod-${bar.kind}`} transform={`translate(0 ${place * ROW})`}>
            <text x={1} y={11}>
              {bar.label}
            </text>
            <text x={WIDTH - 1} y={11} textAnchor="end">
              {bar.told}
            </text>
            <rect
              x={x(bar.low)}
              y={BAR.top}
              width={Math.max(1, x(bar.high) - x(bar.low))}
              height={BAR.height}
              style={bar.kind === 'assumed' ? { fill: `url(#${pattern})` } : undefined}
            />
          </g>
        ))}
      </svg>
      {bars.some(bar => bar.kind === 'assumed') ? (
        <figcaption className="cm-hint">{trans.__('Hatched: assumed, not measured.')}</figcaption>
      ) : null}
    </figure>
  );
}

function barsOf(plan: Plan, trans: Trans): Bar[] {
  const steps = plan.steps.filter(step => Number(step.saving) > 0);
  return [
    {
      name: 'bill',
      label: trans.__("Today's bill"),
      told: dollars(plan.bill, plan.unpriced),
      low: 0,
      high: Number(plan.bill),
      kind: 'bill'
    },
    ...steps.map((step): Bar => ({
      name: `step ${step.name}`,
      label: step.title,
      told: `−${dollars(step.saving)}`,
      low: Number(step.left),
      high: Number(step.left) + Number(step.saving),
      kind: step.assumed ? 'assumed' : 'measured'
    })),
    {
      name: 'projected',
      label: trans.__('Projected'),
      told: dollars(plan.projected, plan.unpriced),
      low: 0,
      high: Number(plan.projected),
      kind: 'projected'
    }
  ];
}

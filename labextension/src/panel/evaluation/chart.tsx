/** Quality over cost: one mark per model, with the interval of its drop. */
import * as React from 'react';

import { dollars } from '../../shared/format';
import { useTrans } from '../trans';
import type { Run } from './wire';
import { percent } from './figures';

const WIDTH = 360;
const HEIGHT = 200;
const BOX = { left: 46, right: 14, top: 14, bottom: 34 };

interface Mark {
  name: string;
  cost: number;
  label: string;
  accuracy: number;
  low: number;
  high: number;
  kind: 'baseline' | 'pass' | 'fail' | 'undecided';
}

export function Chart({ run }: { run: Run }): React.JSX.Element | null {
  const trans = useTrans();
  const marks = marksOf(run);
  if (marks.length < 2) {
    return null;
  }
  const x = scaleX(marks);
  const y = scaleY(marks);
  const told = marks.map(mark => `${mark.name}: ${percent(mark.accuracy)}, ${mark.label}`).join('; ');
  const [cheap, dear] = [marks[0], marks[marks.length - 1]];
  return (
    <figure className="cm-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={trans.__('Accuracy over cost. %1', told)}>
        <line
          className="cm-axis"
          x1={BOX.left}
          x2={WIDTH - BOX.right}
          y1={HEIGHT - BOX.bottom}
          y2={HEIGHT - BOX.bottom}
        />
        <line className="cm-axis" x1={BOX.left} x2={BOX.left} y1={BOX.top} y2={HEIGHT - BOX.bottom} />
        {y.ticks.map(tick => (
          <g key={tick}>
            <line className="cm-grid" x1={BOX.left} x2={WIDTH - BOX.right} y1={y.at(tick)} y2={y.at(tick)} />
            <text x={BOX.left - 5} y={y.at(tick) + 4} textAnchor="end">
              {percent(tick)}
            </text>
          </g>
        ))}
        <text x={x.at(cheap?.cost ?? 0)} y={HEIGHT - BOX.bottom + 14} textAnchor="middle">
          {cheap?.label}
        </text>
        {cheap?.label === dear?.label ? null : (
          <text x={x.at(dear?.cost ?? 0)} y={HEIGHT - BOX.bottom + 14} textAnchor="middle">
            {dear?.label}
          </text>
        )}
        <text x={(BOX.left + WIDTH - BOX.right) / 2} y={HEIGHT - 4} textAnchor="middle" className="cm-axis-name">
          {trans.__('cost of 1,000 calls')}
        </text>
        <polyline
          className="cm-frontier"
          points={frontier(marks)
            .map(mark => `${x.at(mark.cost)},${y.at(mark.accuracy)}`)
            .join(' ')}
        />
        {marks.map(mark => (
          <g key={mark.name} className={`cm-mark cm-mod-${mark.kind}`}>
            <line x1={x.at(mark.cost)} x2={x.at(mark.cost)} y1={y.at(mark.low)} y2={y.at(mark.high)} />
            <Symbol kind={mark.kind} x={x.at(mark.cost)} y={y.at(mark.accuracy)} />
          </g>
        ))}
        {placedLabels(marks, x.at, y.at).map(label => (
          <text key={label.name} x={label.x} y={label.y} textAnchor={label.anchor}>
            {label.name}
          </text>
        ))}
      </svg>
    </figure>
  );
}

/** The shape says what the colour says. */
function Symbol({ kind, x, y }: { kind: Mark['kind']; x: number; y: number }): React.JSX.Element {
  switch (kind) {
    case 'baseline':
      return <rect x={x - 4} y={y - 4} width={8} height={8} />;
    case 'pass':
      return <circle cx={x} cy={y} r={4.5} />;
    case 'fail':
      return <path d={`M${x - 4},${y - 4}L${x + 4},${y + 4}M${x - 4},${y + 4}L${x + 4},${y - 4}`} />;
    case 'undecided':
      return <path d={`M${x},${y - 5}L${x + 5},${y}L${x},${y + 5}L${x - 5},${y}Z`} />;
  }
}

/** Cheapest first; what has no price or no pair has no place. */
function marksOf(run: Run): Mark[] {
  const { baseline } = run;
  const marks: Mark[] = [];
  if (baseline.cost_per_1000 !== null && baseline.accuracy !== null && baseline.n > 0) {
    const { accuracy } = baseline;
    marks.push({
      ...placed(baseline.name, baseline.cost_per_1000),
      accuracy,
      low: accuracy,
      high: accuracy,
      kind: 'baseline'
    });
  }
  for (const one of run.candidates) {
    if (one.cost_per_1000 !== null && one.accuracy !== null && one.n > 0) {
      const { accuracy } = one;
      const drop = one.drop ?? 0;
      const low = clamp(accuracy + drop - (one.high ?? drop));
      const high = clamp(accuracy + drop - (one.low ?? drop));
      marks.push({ ...placed(one.name, one.cost_per_1000), accuracy, low, high, kind: one.verdict });
    }
  }
  return marks.sort((a, b) => a.cost - b.cost);
}

function placed(name: string, cost: string): Pick<Mark, 'name' | 'cost' | 'label'> {
  return { name, cost: Number(cost), label: dollars(cost) };
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** Models than which no cheaper one is as good. */
function frontier(marks: readonly Mark[]): Mark[] {
  let best = -1;
  return marks.filter(mark => {
    const better = mark.accuracy > best;
    best = Math.max(best, mark.accuracy);
    return better;
  });
}

/** Costs differ by factors: logarithmic, unless something is free. */
function scaleX(marks: readonly Mark[]): { at: (cost: number) => number } {
  const free = marks.some(mark => mark.cost <= 0);
  const place = free ? (cost: number): number => cost : Math.log10;
  const [low, high] = [Math.min(...marks.map(m => place(m.cost))), Math.max(...marks.map(m => place(m.cost)))];
  const inner = { left: BOX.left + 24, right: WIDTH - BOX.right - 24 };
  return {
    at: cost =>
      high === low
        ? (inner.left + inner.right) / 2
        : inner.left + ((place(cost) - low) / (high - low)) * (inner.right - inner.left)
  };
}

function scaleY(marks: readonly Mark[]): { at: (share: number) => number; ticks: number[] } {
  const lowest = Math.min(...marks.map(mark => mark.low));
  const highest = Math.max(...marks.map(mark => mark.high));
  const step = [0.01, 0.02, 0.05, 0.1, 0.25].find(one => (highest - lowest) / one <= 4) ?? 0.5;
  const bottom = Math.max(0, Math.floor(lowest / step) * step);
  const top = Math.min(1, Math.max(bottom + step, Math.ceil(highest / step) * step));
  const ticks = Array.from({ length: Math.round((top - bottom) / step) + 1 }, (_, index) => bottom + index * step);
  const at = (share: number): number =>
    HEIGHT - BOX.bottom - ((share - bottom) / Math.max(top - bottom, 1e-9)) * (HEIGHT - BOX.bottom - BOX.top);
  return { at, ticks };
}

/** The names beside their marks; where models are alike, below each other. */
export function placedLabels(
  marks: readonly Pick<Mark, 'name' | 'cost' | 'accuracy'>[],
  x: (cost: number) => number,
  y: (share: number) => number
): Label[] {
  const labels: Label[] = [];
  for (const { name, cost, accuracy } of marks) {
    const at = x(cost);
    const anchor = at > WIDTH / 2 ? 'end' : 'start';
    const left = anchor === 'end' ? at - GAP - name.length * LETTER : at + GAP;
    const label = {
      name,
      anchor,
      x: anchor === 'end' ? at - GAP : at + GAP,
      y: Math.max(y(accuracy) - 7, LINE),
      left
    } as const;
    const places = [0, 1, -1, 2, -2, 3, -3].map(lines => label.y + lines * LINE);
    const inside = places.filter(place => place >= LINE && place < HEIGHT - BOX.bottom);
    const free = inside.find(place => labels.every(other => apart({ ...label, y: place }, other)));
    labels.push({ ...label, y: free ?? label.y });
  }
  return labels;
}

interface Label {
  name: string;
  anchor: 'start' | 'end';
  x: number;
  y: number;
  left: number;
}

/** Of a label: from its mark, a letter's width, a line's height. */
const GAP = 6;
const LETTER = 6.5;
const LINE = 11;

function apart(one: Label, other: Label): boolean {
  const right = (label: Label): number => label.left + label.name.length * LETTER;
  return one.left > right(other) || other.left > right(one) || Math.abs(one.y - other.y) >= LINE;
}

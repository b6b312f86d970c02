/** The running total's elements, and how they show a state. */
import { element, setText } from '../shared/dom';
import { dollars, integer, percent } from '../shared/format';
import type { Budget, Totals } from '../shared/wire';

/** Below this share of a budget, what is left is shown as running low. */
const LOW = 0.2;

export class TotalsView {
  readonly root: HTMLElement;
  private readonly _spend = figure('spend', 'cm-totals-spend');
  private readonly _saved = figure('saved by the cache');
  private readonly _calls = figure('calls');
  private readonly _hits = figure('hit rate');
  private readonly _simulated = figure('SIMULATED spend', 'cm-totals-simulated');
  private readonly _budgets = element('div', 'cm-totals-budgets');

  constructor() {
    const figures = [this._spend, this._saved, this._calls, this._hits, this._simulated];
    this.root = element(
      'div',
      'cm-view cm-totals',
      { role: 'group', 'aria-label': 'Running total of this session' },
      ...figures.map(one => one.box),
      this._budgets
    );
  }

  show(state: Totals): void {
    setText(this._spend.value, dollars(state.cost, state.unpriced > 0));
    setText(this._saved.value, dollars(state.avoided));
    setText(this._calls.value, integer(state.calls));
    setText(this._hits.value, state.calls > 0 ? percent(state.hits / state.calls) : '–');
    this._simulated.box.hidden = Number(state.simulated_cost) === 0;
    setText(this._simulated.value, dollars(state.simulated_cost));
    const lines = state.budgets.map(bar);
    if (state.budget_error !== null) {
      lines.push(element('span', 'cm-muted', {}, state.budget_error));
    }
    this._budgets.replaceChildren(...lines);
  }
}

interface Figure {
  box: HTMLElement;
  value: HTMLElement;
}

function figure(label: string, className = ''): Figure {
  const value = element('span', `cm-number ${className}`);
  return { box: element('div', 'cm-totals-figure', {}, element('span', 'cm-totals-label', {}, label), value), value };
}

function bar(budget: Budget): HTMLElement {
  const limit = Number(budget.limit);
  const share = limit > 0 ? Math.min(1, Math.max(0, Number(budget.left) / limit)) : 0;
  const reserved = Number(budget.reserved) > 0 ? `, ${dollars(budget.reserved)} reserved` : '';
  const line = `${budget.name}: ${budget.unpriced ? '≤ ' : ''}${dollars(budget.left)} of ${dollars(budget.limit)} left${reserved}`;
  const left = element('div', 'cm-totals-left', { 'data-level': share === 0 ? 'out' : share < LOW ? 'low' : 'fine' });
  left.style.width = `${(share * 100).toFixed(1)}%`;
  const track = element(
    'div',
    'cm-totals-track',
    {
      role: 'meter',
      'aria-label': budget.name,
      'aria-valuemin': '0',
      'aria-valuemax': '100',
      'aria-valuenow': (share * 100).toFixed(0),
      'aria-valuetext': line
    },
    left
  );
  return element('div', '', {}, element('span', 'cm-number', {}, line), track);
}

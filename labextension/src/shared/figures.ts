/** The figures of a running call as elements: tokens, cost, pace, and a clock that goes on between two states. */
import { element, setText } from './dom';
import { dollars, integer, seconds } from './format';
import type { Figures } from './wire';

export class FiguresView {
  readonly tokens = element('span', 'cm-number');
  readonly cost: HTMLElement;
  readonly pace = element('span', 'cm-number cm-muted');
  readonly elapsed = element('span', 'cm-number cm-muted');
  readonly all: readonly HTMLElement[];
  private _base = { elapsed: 0, at: 0 };

  constructor(costClass: string) {
    this.cost = element('span', `cm-number ${costClass}`);
    this.all = [this.tokens, this.cost, this.pace, this.elapsed];
  }

  /** `now`: milliseconds of any steady clock; null figures are hidden ones. */
  show(figures: Figures | null, now: number): void {
    if (figures === null) {
      for (const one of this.all) {
        setText(one, '');
      }
      return;
    }
    const about = figures.usage === 'estimated' ? '≈ ' : '';
    const counted = figures.input_tokens === null ? '?' : integer(figures.input_tokens);
    setText(this.tokens, `${about}${counted} → ${integer(figures.output_tokens)} tok`);
    const priced = figures.cost === null ? dollars(null) : about + dollars(figures.cost);
    setText(this.cost, figures.input_tokens === null ? '' : priced);
    setText(this.pace, figures.tokens_per_s === null ? '– tok/s' : `${integer(figures.tokens_per_s)} tok/s`);
    setText(this.elapsed, seconds(figures.elapsed_s));
    this._base = { elapsed: figures.elapsed_s, at: now };
  }

  /** The kernel says nothing while it waits: its clock goes on here. */
  tick(now: number): void {
    setText(this.elapsed, seconds(this._base.elapsed + (now - this._base.at) / 1000));
  }
}

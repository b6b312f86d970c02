/** The vote buttons of one column, while it runs and below the finished table. */
import { button, element, setText } from '../shared/dom';
import type { Judgement } from './wire';

interface Standing {
  label: string;
  vote: boolean | null;
  kept: boolean;
  can_vote: boolean;
}

export class VoteButtons {
  readonly root = element('span', 'cm-compare-votes', { role: 'group' });
  private readonly _good = button('cm-compare-good', '✓ Good enough');
  private readonly _bad = button('cm-compare-bad', '✗ Not');
  private readonly _keep = button('cm-compare-keep', 'Keep');
  private _standing: Standing | null = null;

  constructor(
    private readonly _column: number,
    private readonly _judge: (judgement: Judgement) => void,
    signal: AbortSignal
  ) {
    this._keep.title = 'Keep this reply as an evaluation item';
    this.root.append(this._good, this._bad, this._keep);
    for (const [one, good] of [
      [this._good, true],
      [this._bad, false]
    ] as const) {
      one.addEventListener(
        'click',
        () => {
          if (this._standing?.can_vote === true) {
            // Pressed again, a vote is taken back.
            this._judge({ type: 'vote', column: this._column, good: this._standing.vote === good ? null : good });
          }
        },
        { signal }
      );
    }
    this._keep.addEventListener(
      'click',
      () => {
        if (this._keep.getAttribute('aria-disabled') !== 'true') {
          this._judge({ type: 'keep', column: this._column });
        }
      },
      { signal }
    );
  }

  show(standing: Standing): void {
    this._standing = standing;
    const { label, vote, kept, can_vote } = standing;
    this.root.setAttribute('aria-label', `Vote on ${label}`);
    for (const [one, good] of [
      [this._good, true],
      [this._bad, false]
    ] as const) {
      one.setAttribute('aria-pressed', String(vote === good));
      one.setAttribute('aria-disabled', String(!can_vote));
    }
    this._good.setAttribute('aria-label', `${label} is good enough`);
    this._bad.setAttribute('aria-label', `${label} is not good enough`);
    this._keep.setAttribute('aria-label', `Keep the reply of ${label} as an evaluation item`);
    this._keep.setAttribute('aria-disabled', String(!can_vote || kept || vote === false));
    setText(this._keep, kept ? 'Kept' : 'Keep');
  }
}

/** The votes below a finished comparison, shown as long as the kernel knows it. */
import { button, element, setText } from '../shared/dom';
import { VoteButtons } from './votes';
import type { Judged, Judgement, Saved } from './wire';

export class VoteBar {
  readonly root = element('div', 'cm-compare-bar-below', { role: 'group', 'aria-label': 'Votes on the replies' });
  private readonly _columns = element('div', 'cm-compare-bar-columns');
  private readonly _reveal = button('cm-compare-reveal', 'Show names');
  private readonly _error = element('span', 'cm-muted', { role: 'alert' });

  constructor(
    private readonly _judge: (judgement: Judgement) => void,
    private readonly _signal: AbortSignal
  ) {
    this.root.append(this._columns, this._reveal, this._error);
    this.root.hidden = true;
    this._reveal.addEventListener(
      'click',
      () => {
        this._judge({ type: 'reveal' });
      },
      { signal: this._signal }
    );
  }

  private _votes: { label: HTMLElement; buttons: VoteButtons }[] = [];

  show(saved: Saved): void {
    if (this._votes.length !== saved.columns.length) {
      this._votes = saved.columns.map((_, index) => ({
        label: element('span', 'cm-compare-label'),
        buttons: new VoteButtons(index, this._judge, this._signal)
      }));
      this._columns.replaceChildren(
        ...this._votes.map(({ label, buttons }) => element('span', 'cm-compare-bar-column', {}, label, buttons.root))
      );
    }
    saved.columns.forEach((column, index) => {
      const vote = this._votes[index];
      if (vote) {
        setText(vote.label, `${index + 1}. ${column.label}`);
        vote.buttons.show({ ...column, can_vote: column.state === 'ok' || column.state === 'refused' });
      }
    });
    this._reveal.hidden = !saved.hidden;
  }

  /** What the kernel answered: without one that knows the comparison there is nothing to press. */
  answer(judged: Judged | null): void {
    this.root.hidden = judged?.known !== true;
    setText(this._error, judged?.error ?? '');
  }
}

/** Today's spend in the status bar; a click opens the panel there. */
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import type { Desk } from '../panel/desk';
import { useStore, type Store } from '../panel/store';
import { dollars } from '../shared/format';

export class SpendItem extends ReactWidget {
  /** Fires when there is something to show, or nothing any more. */
  readonly activeStateChanged = new Signal<this, void>(this);

  constructor(
    private readonly _current: Store<Desk>,
    private readonly _open: () => void,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('cm-status');
    this._unfollow = _current.subscribe(() => {
      this._follow();
    });
    this._follow();
  }

  /** Whether the notebook in front has costmagic loaded. */
  isActive(): boolean {
    return this._current.value.link.value.phase === 'ready';
  }

  override dispose(): void {
    this._unfollow();
    this._unfollowDesk();
    Signal.clearData(this);
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return <Spend current={this._current} open={this._open} trans={this._trans} />;
  }

  private _follow(): void {
    this._unfollowDesk();
    this._unfollowDesk = this._current.value.link.subscribe(() => {
      this.activeStateChanged.emit();
    });
    this.activeStateChanged.emit();
  }

  private readonly _unfollow: () => void;
  private _unfollowDesk: () => void = () => undefined;
}

interface Props {
  current: Store<Desk>;
  open: () => void;
  trans: TranslationBundle;
}

function Spend({ current, open, trans }: Props): React.JSX.Element {
  const desk = useStore(current);
  const today = useStore(desk.today);
  const spent = today === null ? '…' : dollars(today.cost, today.unpriced > 0);
  const simulated =
    today !== null && Number(today.simulated_cost) > 0
      ? trans.__('SIMULATED besides: %1', dollars(today.simulated_cost))
      : '';
  return (
    <button
      type="button"
      className="jp-mod-highlighted cm-status-button"
      title={simulated === '' ? trans.__('Spent on language models today') : simulated}
      aria-label={trans.__('Spent on language models today: %1. Open the costmagic panel', spent)}
      onClick={open}
    >
      {trans.__('%1 today', spent)}
    </button>
  );
}

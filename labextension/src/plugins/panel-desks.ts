/** One desk for each notebook, and which of them is in front. */
import { NotebookActions, type INotebookTracker, type Notebook, type NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { Desk } from '../panel/desk';
import type { Defaults } from '../panel/form';
import { Store } from '../panel/store';
import { PanelLink } from './panel-link';

export class PanelDesks {
  readonly current: Store<Desk>;
  private readonly _links = new Map<NotebookPanel, PanelLink>();
  private readonly _none: Desk;

  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _defaults: () => Defaults,
    private readonly _trans: TranslationBundle,
    /** Called for the desk of each notebook; returns what ends that. */
    private readonly _onDesk: (desk: Desk) => () => void
  ) {
    this._none = new Desk('', 'no notebook', _defaults(), _trans);
    this.current = new Store(this._none);
    _tracker.currentChanged.connect(this._onCurrentChanged, this);
    NotebookActions.executed.connect(this._onExecuted, this);
    this._onCurrentChanged(undefined, _tracker.currentWidget);
  }

  dispose(): void {
    this._tracker.currentChanged.disconnect(this._onCurrentChanged, this);
    NotebookActions.executed.disconnect(this._onExecuted, this);
    for (const link of this._links.values()) {
      link.dispose();
    }
  }

  /** Load costmagic into the kernel of the notebook in front. */
  load(): void {
    const panel = this._tracker.currentWidget;
    void (panel && this._links.get(panel)?.load());
  }

  /** Put a cell below the active one of the notebook in front. */
  insertCell(code: string): void {
    const notebook = this._tracker.currentWidget?.content;
    if (notebook) {
      NotebookActions.insertBelow(notebook);
      notebook.activeCell?.model.sharedModel.setSource(code);
      void notebook.scrollToItem(notebook.activeCellIndex);
    }
  }

  private _onCurrentChanged(_: unknown, panel: NotebookPanel | null): void {
    if (panel === null) {
      this.current.set(this._none);
      return;
    }
    let link = this._links.get(panel);
    if (link === undefined) {
      const made = (link = new PanelLink(panel, this._defaults(), this._trans));
      this._links.set(panel, made);
      const unfollow = this._onDesk(made.desk);
      panel.disposed.connect(() => {
        unfollow();
        this._links.delete(panel);
        made.dispose();
      });
    }
    link.desk.tab.set(this.current.value.tab.value);
    this.current.set(link.desk);
  }

  private _onExecuted(_: unknown, { notebook }: { notebook: Notebook }): void {
    for (const [panel, link] of this._links) {
      if (panel.content === notebook) {
        link.desk.cellEnded();
      }
    }
  }
}

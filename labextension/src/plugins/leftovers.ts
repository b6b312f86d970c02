/** Puts the static twin in the place of a widget whose kernel has gone. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ICodeCellModel } from '@jupyterlab/cells';
import type { IMimeBundle, IOutput } from '@jupyterlab/nbformat';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';

const VIEW = 'application/vnd.jupyter.widget-view+json';

/** Outputs that are costmagic's carry this key in their metadata. */
const OURS = 'costmagic';

/**
 * While there is a kernel, JupyterLab prefers a widget to the table beside it, and shows an error where its model
 * died with an earlier kernel: after a restart, or in a notebook that is opened again.
 */
export const leftovers: JupyterFrontEndPlugin<void> = {
  id: 'costmagic:leftovers',
  description: 'Shows the last figures of a widget as a table when its kernel has gone.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker) => {
    tracker.widgetAdded.connect((_sender, panel) => {
      const follower = new Follower(panel);
      panel.disposed.connect(() => {
        follower.dispose();
      });
    });
  }
};

/** Looks for leftovers in one notebook whenever another kernel has become idle. */
class Follower {
  constructor(private readonly _panel: NotebookPanel) {
    const session = _panel.sessionContext;
    session.kernelChanged.connect(this._onKernelChanged, this);
    session.statusChanged.connect(this._onStatusChanged, this);
    void Promise.all([_panel.context.ready, session.ready]).then(() => {
      this._onStatusChanged(undefined, session.session?.kernel?.status ?? 'unknown');
    });
  }

  dispose(): void {
    this._panel.sessionContext.kernelChanged.disconnect(this._onKernelChanged, this);
    this._panel.sessionContext.statusChanged.disconnect(this._onStatusChanged, this);
  }

  private _onKernelChanged(): void {
    this._isNew = true;
  }

  private _onStatusChanged(_: unknown, status: Kernel.Status): void {
    const kernel = this._panel.sessionContext.session?.kernel;
    if (status === 'restarting' || status === 'autorestarting') {
      this._isNew = true;
    } else if (status === 'idle' && this._isNew && kernel && this._panel.context.isReady) {
      this._isNew = false;
      void this._replace(kernel);
    }
  }

  private async _replace(kernel: Kernel.IKernelConnection): Promise<void> {
    const model = this._panel.content.model;
    const found = model
      ? [...model.cells].flatMap(cell => (cell.type === 'code' ? of(cell as ICodeCellModel) : []))
      : [];
    if (!model || found.length === 0) {
      return;
    }
    const { content } = await kernel.requestCommInfo({ target_name: 'jupyter.widget' });
    if (content.status !== 'ok' || this._panel.isDisposed) {
      return;
    }
    const dirty = model.dirty;
    for (const { cell, index, output, id } of found) {
      // A cell that has been run meanwhile has other outputs.
      if (!(id in content.comms) && viewOf(cell.outputs.get(index).toJSON()) === id) {
        const twins = Object.entries(output.data as IMimeBundle).filter(([mime]) => mime !== VIEW);
        cell.outputs.set(index, { ...output, data: Object.fromEntries(twins) });
      }
    }
    model.dirty = dirty;
  }

  private _isNew = true;
}

interface Found {
  cell: ICodeCellModel;
  index: number;
  output: IOutput;
  id: string;
}

/** A cell's outputs that hold a widget of costmagic's. */
function of(cell: ICodeCellModel): Found[] {
  return Array.from({ length: cell.outputs.length }, (_, index) => {
    const output = cell.outputs.get(index).toJSON();
    return { cell, index, output, id: viewOf(output) };
  }).filter((one): one is Found => one.id !== null);
}

/** The id of the widget's model, null for outputs of any other kind. */
function viewOf(output: IOutput): string | null {
  const metadata = output.metadata as Record<string, unknown> | undefined;
  const data = output.data as Record<string, unknown> | undefined;
  const view = data?.[VIEW] as { model_id?: unknown } | undefined;
  return metadata && OURS in metadata && typeof view?.model_id === 'string' ? view.model_id : null;
}

/** Finished comparisons: the static table that the notebook holds, with votes while its kernel lives. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Kernel } from '@jupyterlab/services';
import { PanelLayout, Widget } from '@lumino/widgets';

import { VoteBar } from '../compare/bar';
import { MIME, readJudged, readSaved, TARGET, type Judgement, type Judging } from '../compare/wire';
import { DecodeError } from '../shared/decode';

/** Before HTML, which it shows with votes below. */
const RANK = 40;

export const comparisons: JupyterFrontEndPlugin<void> = {
  id: 'costmagic:comparisons',
  description: 'Puts votes below a finished comparison while its kernel lives.',
  autoStart: true,
  requires: [IRenderMimeRegistry, INotebookTracker],
  activate: (_: JupyterFrontEnd, rendermime: IRenderMimeRegistry, tracker: INotebookTracker) => {
    const kernelOf = (node: Node): Kernel.IKernelConnection | null =>
      tracker.find(panel => panel.node.contains(node))?.sessionContext.session?.kernel ?? null;
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [MIME],
        createRenderer: () => new ComparisonOutput(rendermime.createRenderer('text/html'), kernelOf)
      },
      RANK
    );
  }
};

class ComparisonOutput extends Widget implements IRenderMime.IRenderer {
  private readonly _gone = new AbortController();
  private readonly _bar: VoteBar;
  private _comm: Kernel.IComm | null = null;
  private _kernel: Kernel.IKernelConnection | null = null;
  private _id: string | null = null;
  private readonly _onStatus = (_: unknown, status: Kernel.Status): void => {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._bar.answer(null);
    }
  };

  constructor(
    private readonly _table: IRenderMime.IRenderer,
    private readonly _kernelOf: (node: Node) => Kernel.IKernelConnection | null
  ) {
    super();
    this.addClass('cm-compare-output');
    this._bar = new VoteBar(judgement => {
      this._ask(judgement);
    }, this._gone.signal);
    const layout = (this.layout = new PanelLayout());
    layout.addWidget(this._table);
    layout.addWidget(new Widget({ node: this._bar.root }));
  }

  /** The HTML is trusted or sanitized as any other of the notebook's. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    await this._table.renderModel(model);
    try {
      const saved = readSaved(model.data[MIME]);
      this._id = saved.finished ? saved.id : null;
      this._bar.show(saved);
    } catch (error) {
      if (!(error instanceof DecodeError)) {
        throw error;
      }
      this._id = null; // of another version: the table stands without votes
    }
    this._connect();
  }

  override dispose(): void {
    this._gone.abort();
    this._kernel?.statusChanged.disconnect(this._onStatus);
    if (this._comm !== null && !this._comm.isDisposed) {
      this._comm.close();
    }
    super.dispose();
  }

  protected override onAfterAttach(): void {
    this._connect();
  }

  private _connect(): void {
    const kernel = this.isAttached && this._id !== null ? this._kernelOf(this.node) : null;
    if (kernel === null || this._comm !== null || kernel.isDisposed) {
      return;
    }
    const comm = (this._comm = kernel.createComm(TARGET));
    comm.onMsg = message => {
      try {
        this._bar.answer(readJudged(message.content.data));
      } catch (error) {
        if (!(error instanceof DecodeError)) {
          throw error;
        }
      }
    };
    comm.onClose = () => {
      this._bar.answer(null); // a kernel that knows nothing of comparisons
    };
    kernel.statusChanged.connect(this._onStatus);
    this._kernel = kernel;
    void this._open(comm);
  }

  private async _open(comm: Kernel.IComm): Promise<void> {
    // Only over a subshell do messages arrive while a cell runs.
    const { subshellStarted } = comm as { subshellStarted?: Promise<unknown> };
    await subshellStarted;
    if (!comm.isDisposed) {
      comm.open();
      this._ask(null);
    }
  }

  private _ask(judgement: Judgement | null): void {
    if (this._id !== null && this._comm !== null && !this._comm.isDisposed) {
      const asked: Judging = { comparison: this._id, do: judgement };
      this._comm.send(asked);
    }
  }
}

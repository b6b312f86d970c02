/** Connects the panel with the kernel of one notebook, and again after each of its restarts. */
import type { ISessionContext } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { Desk } from '../panel/desk';
import type { Defaults } from '../panel/form';
import { HERE, TARGET } from '../panel/wire';

const LOAD = '%load_ext costmagic';
/** What a session says of a kernel that is not there yet. */
const STARTING: readonly string[] = ['initializing', 'starting', 'restarting'];

export class PanelLink {
  readonly desk: Desk;
  private readonly _session: ISessionContext;
  private _comm: Kernel.IComm | null = null;
  private _announcing: Kernel.IKernelConnection | null = null;

  constructor(
    private readonly _panel: NotebookPanel,
    defaults: Defaults,
    private readonly _trans: TranslationBundle
  ) {
    this._session = _panel.sessionContext;
    this.desk = new Desk(_panel.title.label, 'starting', defaults, _trans);
    this._session.kernelChanged.connect(this._onKernelChanged, this);
    this._session.sessionChanged.connect(this._onSessionChanged, this);
    this._session.statusChanged.connect(this._onStatusChanged, this);
    _panel.title.changed.connect(this._onTitleChanged, this);
    void this._session.ready.then(() => {
      this._onKernelChanged();
    });
  }

  dispose(): void {
    this._session.kernelChanged.disconnect(this._onKernelChanged, this);
    this._session.sessionChanged.disconnect(this._onSessionChanged, this);
    this._session.statusChanged.disconnect(this._onStatusChanged, this);
    this._panel.title.changed.disconnect(this._onTitleChanged, this);
    this._drop();
    this.desk.dispose();
  }

  /** Load costmagic into the kernel as a cell would, though without leaving one. */
  async load(): Promise<void> {
    const kernel = this._session.session?.kernel;
    if (!kernel) {
      return;
    }
    this.desk.disconnected('loading');
    this._drop();
    // Who allows input sits before it: costmagic announces itself to nobody else.
    const future = kernel.requestExecute({ code: LOAD, store_history: false, allow_stdin: true });
    const { content } = await future.done;
    if (content.status === 'error') {
      this.desk.disconnected(
        'absent',
        content.ename === 'ModuleNotFoundError'
          ? this._trans.__('costmagic is not installed in this kernel: run %pip install costmagic in a cell.')
          : `${content.ename}: ${content.evalue}`
      );
    } else if (this._comm === null) {
      await this._open(kernel);
    }
  }

  private _onTitleChanged(): void {
    this.desk.link.put({ name: this._panel.title.label });
  }

  /** A session that somebody else has ended takes its kernel with it, and says no more. */
  private _onSessionChanged(): void {
    if (this._session.session === null) {
      this._onKernelChanged();
    }
  }

  private _onKernelChanged(): void {
    this._drop();
    const kernel = this._session.session?.kernel;
    if (!kernel) {
      const coming = STARTING.includes(this._session.kernelDisplayStatus);
      this.desk.disconnected(coming ? 'starting' : 'no kernel');
      return;
    }
    this.desk.disconnected('starting');
    this._isNew = true;
    this._onStatusChanged(undefined, kernel.status);
  }

  private _onStatusChanged(_: unknown, status: Kernel.Status): void {
    const kernel = this._session.session?.kernel;
    if (status === 'restarting' || status === 'autorestarting') {
      this._drop();
      this._isNew = true;
      this.desk.disconnected('starting');
    } else if (status === 'dead') {
      this._drop();
      this._isNew = true;
      this.desk.disconnected('no kernel');
    } else if ((status === 'idle' || status === 'busy') && this._isNew && kernel) {
      this._isNew = false;
      void this._connect(kernel, status === 'busy');
    }
  }

  private async _connect(kernel: Kernel.IKernelConnection, busy: boolean): Promise<void> {
    const { language_info: language } = await kernel.info;
    if (language.name !== 'python') {
      this.desk.disconnected('foreign');
      return;
    }
    if (this._announcing !== kernel) {
      this._announcing = kernel;
      kernel.registerCommTarget(HERE, () => {
        if (this._session.session?.kernel === kernel && this._comm === null) {
          void this._open(kernel);
        }
      });
    }
    // Asking first keeps a complaint about an unknown target out of the kernel's log, but waits for a running cell.
    if (busy || (await isLoaded(kernel))) {
      await this._open(kernel);
    } else if (this._comm === null) {
      this.desk.disconnected('absent');
    }
  }

  /** The kernel publishes on this comm in answer only, so that requests reach it while a cell runs. */
  private async _open(kernel: Kernel.IKernelConnection): Promise<void> {
    if (kernel.isDisposed || this._comm !== null) {
      return;
    }
    const comm = (this._comm = kernel.createComm(TARGET));
    comm.onMsg = message => {
      this.desk.door.receive(message.content.data);
    };
    comm.onClose = () => {
      if (this._comm === comm) {
        this._comm = null;
        this.desk.disconnected('absent');
      }
    };
    const { subshellStarted } = comm as { subshellStarted?: Promise<unknown> };
    if (kernel.supportsSubshells) {
      await subshellStarted;
    }
    if (this._comm !== comm || comm.isDisposed) {
      return;
    }
    comm.open();
    await this.desk.connected(message => {
      if (!comm.isDisposed) {
        comm.send(message as Parameters<typeof comm.send>[0]);
      }
    });
  }

  private _drop(): void {
    const comm = this._comm;
    this._comm = null;
    if (comm !== null && !comm.isDisposed && this._session.session?.kernel?.connectionStatus === 'connected') {
      comm.close();
    }
  }

  private _isNew = false;
}

async function isLoaded(kernel: Kernel.IKernelConnection): Promise<boolean> {
  const { content } = await kernel.requestCommInfo({ target_name: HERE });
  return content.status === 'ok' && Object.keys(content.comms).length > 0;
}

/** The panel beside the notebook, its commands and its figure in the status bar. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Defaults } from '../panel/form';
import type { Host } from '../panel/host';
import { useStore } from '../panel/store';
import { notify } from './panel-alerts';
// Needed at once: it follows the notebooks that the page opens with.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { PanelDesks } from './panel-desks';
import { SpendItem } from './panel-status';

const ID = 'costmagic:panel';

// The page starts without waiting for the panel's views.
const App = React.lazy(async () => ({ default: (await import('../panel/app')).App }));

/** A falling price. */
const icon = new LabIcon({
  name: 'costmagic:panel',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" ' +
    'd="M3 5.4 4.4 4l6.1 6.1 3-3L20 13.6V9h2v8h-8v-2h4.6l-5.1-5.1-3 3zM3 18h8v2H3z"/></svg>'
});

export const panel: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Shows which cheaper model is good enough, and what language models cost, beside the notebook.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ISettingRegistry, ITranslator, ILayoutRestorer, ICommandPalette, IStatusBar],
  activate
};

async function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  registry: ISettingRegistry | null,
  translator: ITranslator | null,
  restorer: ILayoutRestorer | null,
  palette: ICommandPalette | null,
  statusBar: IStatusBar | null
): Promise<void> {
  const trans = (translator ?? nullTranslator).load('costmagic');
  const settings = await registry?.load(ID).catch((error: unknown) => {
    console.warn('costmagic: no settings', error);
    return undefined;
  });
  const open = (tab?: string): void => {
    if (tab !== undefined) {
      desks.current.value.tab.set(tab);
    }
    app.shell.activateById(widget.id);
  };
  const show = (): void => {
    open('spend');
  };
  const desks: PanelDesks = new PanelDesks(
    tracker,
    () => defaults(settings),
    trans,
    desk => notify(desk, show, trans)
  );
  const host: Host = {
    load: () => {
      desks.load();
    },
    startKernel: () => void app.commands.execute('notebook:change-kernel'),
    insertCell: code => {
      desks.insertCell(code);
    }
  };
  const widget = new PanelWidget(desks, host, trans);
  app.shell.add(widget, settings?.get('area').composite === 'left' ? 'left' : 'right', {
    rank: 700,
    type: 'costmagic'
  });
  restorer?.add(widget, widget.id);
  addCommands(app, open, host, trans, palette);
  if (statusBar !== null) {
    const item = new SpendItem(desks.current, show, trans);
    statusBar.registerStatusItem('costmagic:today', {
      item,
      align: 'right',
      rank: 200,
      isActive: () => item.isActive(),
      activeStateChanged: item.activeStateChanged
    });
  }
}

function addCommands(
  app: JupyterFrontEnd,
  open: (tab?: string) => void,
  host: Host,
  trans: TranslationBundle,
  palette: ICommandPalette | null
): void {
  const none = { args: { type: 'object', properties: {} } } as const;
  const category = trans.__('costmagic');
  app.commands.addCommand('costmagic:open-panel', {
    label: trans.__('Open the costmagic Panel'),
    describedBy: none,
    icon,
    execute: () => {
      open();
    }
  });
  app.commands.addCommand('costmagic:evaluate', {
    label: trans.__('Find a Cheaper Model that Is Good Enough'),
    describedBy: none,
    execute: () => {
      open('evaluate');
    }
  });
  app.commands.addCommand('costmagic:show-spend', {
    label: trans.__('Show Today’s Spend on Language Models'),
    describedBy: none,
    execute: () => {
      open('spend');
    }
  });
  app.commands.addCommand('costmagic:show-policy', {
    label: trans.__('Show the Adopted Downgrades'),
    describedBy: none,
    execute: () => {
      open('policy');
    }
  });
  app.commands.addCommand('costmagic:load', {
    label: trans.__('Load costmagic into the Notebook’s Kernel'),
    describedBy: none,
    execute: () => {
      host.load?.();
    }
  });
  for (const command of ['open-panel', 'evaluate', 'show-spend', 'show-policy', 'load']) {
    palette?.addItem({ command: `costmagic:${command}`, category });
  }
}

function defaults(settings: ISettingRegistry.ISettings | undefined): Defaults {
  const value = (name: string, otherwise: number): number => {
    const set = settings?.get(name).composite;
    return typeof set === 'number' ? set : otherwise;
  };
  return { margin: value('margin', 0.02), confidence: value('confidence', 0.95), cap: String(value('cap', 0.5)) };
}

class PanelWidget extends ReactWidget {
  constructor(
    private readonly _desks: PanelDesks,
    private readonly _host: Host,
    trans: TranslationBundle
  ) {
    super();
    this.id = 'costmagic-panel';
    this.addClass('cm-panel-widget');
    this.title.icon = icon;
    this.title.caption = trans.__('costmagic: cost and quality of language models');
  }

  override dispose(): void {
    this._desks.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return <InFront desks={this._desks} host={this._host} />;
  }
}

/** The desk of the notebook in front; another one has another state. */
function InFront({ desks, host }: { desks: PanelDesks; host: Host }): React.JSX.Element {
  const desk = useStore(desks.current);
  const key = React.useRef(new WeakMap<object, number>());
  const count = React.useRef(0);
  if (!key.current.has(desk)) {
    key.current.set(desk, count.current++);
  }
  return (
    <React.Suspense>
      <App key={key.current.get(desk)} desk={desk} host={host} />
    </React.Suspense>
  );
}

/** The panel: its tabs, or what to do where there is nothing to show yet. */
import * as React from 'react';

import type { Desk } from './desk';
import { HostProvider, type Host } from './host';
import { NotReady } from './not-ready';
import { useStore } from './store';
import { TABS } from './tabs';
import { TransProvider, useTrans } from './trans';

/** The product's, in every language. */
const NAME = 'costmagic';

export function App({ desk, host }: { desk: Desk; host: Host }): React.JSX.Element {
  return (
    <TransProvider value={desk.trans}>
      <HostProvider value={host}>
        <Panel desk={desk} />
      </HostProvider>
    </TransProvider>
  );
}

function Panel({ desk }: { desk: Desk }): React.JSX.Element {
  const trans = useTrans();
  const link = useStore(desk.link);
  // What was on the screen stays while the kernel restarts: a run goes on from there.
  const [wasReady, setWasReady] = React.useState(false);
  React.useEffect(() => {
    if (link.phase === 'ready') {
      setWasReady(true);
    }
  }, [link.phase]);
  const ready = link.phase === 'ready' || (link.phase === 'starting' && wasReady);
  return (
    <div className="cm-panel" data-lm-suppress-shortcuts="true">
      <div className="cm-panel-head">
        <span className="cm-panel-title">{NAME}</span>
        <span className="cm-muted cm-panel-notebook">{link.name}</span>
      </div>
      <div role="status" aria-live="polite" className="cm-panel-late">
        {link.late ? trans.__('The kernel has not answered yet: it may be busy with a cell.') : ''}
      </div>
      {ready ? <Tabs desk={desk} /> : <NotReady link={link} />}
    </div>
  );
}

function Tabs({ desk }: { desk: Desk }): React.JSX.Element {
  const trans = useTrans();
  const shown = useStore(desk.tab);
  const id = React.useId();
  const heads = React.useRef(new Map<string, HTMLElement>());
  const current = TABS.find(tab => tab.id === shown) ?? TABS[0];
  const move = (event: React.KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step !== undefined && current !== undefined) {
      const next = TABS[(TABS.indexOf(current) + step + TABS.length) % TABS.length];
      if (next !== undefined) {
        desk.tab.set(next.id);
        heads.current.get(next.id)?.focus();
        event.preventDefault();
      }
    }
  };
  if (current === undefined) {
    return <></>;
  }
  return (
    <>
      <div role="tablist" aria-label={trans.__('Parts of the panel')} className="cm-tabs" onKeyDown={move}>
        {TABS.map(tab => (
          <button
            key={tab.id}
            ref={node => {
              if (node) {
                heads.current.set(tab.id, node);
              }
            }}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            className="cm-tab"
            aria-selected={tab === current}
            aria-controls={`${id}-body`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => {
              desk.tab.set(tab.id);
            }}
          >
            {tab.label(trans)}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-body`} aria-labelledby={`${id}-${current.id}`} className="cm-tab-body">
        <current.Tab desk={desk} />
      </div>
    </>
  );
}

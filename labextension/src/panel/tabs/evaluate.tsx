/** Which cheaper model is good enough: what to find out, and the run that finds it out. */
import * as React from 'react';

import type { Desk } from '../desk';
import { FormView } from '../evaluation/form-view';
import { RunView } from '../evaluation/run-view';
import { StoredRuns } from '../evaluation/stored';
import { useStore } from '../store';
import type { TabSpec } from '.';

export const evaluateTab: TabSpec = { id: 'evaluate', label: trans => trans.__('Evaluate'), Tab: EvaluateTab };

function EvaluateTab({ desk }: { desk: Desk }): React.JSX.Element {
  const { run, problem } = useStore(desk.evaluate.shown);
  return (
    <>
      {problem === null ? null : (
        <p role="alert" className="cm-problem">
          {problem}
        </p>
      )}
      {run === null ? (
        <>
          <FormView desk={desk} />
          <StoredRuns evaluate={desk.evaluate} />
        </>
      ) : (
        <RunView evaluate={desk.evaluate} run={run} />
      )}
    </>
  );
}

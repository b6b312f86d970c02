/** The plugins of costmagic in JupyterLab and Notebook 7. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { comparisons } from './plugins/comparisons';
import { interruption } from './plugins/interruption';

const plugins: JupyterFrontEndPlugin<void>[] = [interruption, comparisons];

export default plugins;

/** The plugins of costmagic in JupyterLab and Notebook 7. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { comparisons } from './plugins/comparisons';
import { interruption } from './plugins/interruption';
import { leftovers } from './plugins/leftovers';

const plugins: JupyterFrontEndPlugin<void>[] = [interruption, leftovers, comparisons];

export default plugins;

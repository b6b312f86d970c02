/** The plugins of costmagic in JupyterLab and Notebook 7. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { comparisons } from './plugins/comparisons';
import { interruption } from './plugins/interruption';
import { leftovers } from './plugins/leftovers';
import { panel } from './plugins/panel';

const plugins: JupyterFrontEndPlugin<void>[] = [interruption, leftovers, comparisons, panel];

export default plugins;

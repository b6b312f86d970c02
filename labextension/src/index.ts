/** The plugins of costmagic in JupyterLab and Notebook 7. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { interruption } from './plugins/interruption';
import { leftovers } from './plugins/leftovers';

const plugins: JupyterFrontEndPlugin<void>[] = [interruption, leftovers];

export default plugins;

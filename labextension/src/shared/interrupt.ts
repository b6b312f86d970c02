/**
 * The DOM event by which a widget asks the plugin to interrupt the kernel of the notebook that it stands in. The
 * plugin cancels its default to say that it did; where there is no plugin nobody does.
 */
export const INTERRUPT_EVENT = 'costmagic:interrupt';

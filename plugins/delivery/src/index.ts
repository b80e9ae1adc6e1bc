/** The delivery pipeline: resolve, admit, suppress, filter, file. */
import { DELIVERY, definePlugin, part, provide } from '@angarium/sdk';
import { DeliveryCommands } from './commands.js';
import { DeliveryService } from './delivery-service.js';

export default definePlugin({
  provides: [provide(DELIVERY, DeliveryService)],
  parts: [part(DeliveryCommands)],
});

/** SASL PLAIN (RFC 4616). */
import { adding, definePlugin, SASL_MECHANISMS } from '@angarium/sdk';
import { plain } from './plain.js';

export default definePlugin({ parts: [adding(SASL_MECHANISMS, [], () => [plain])] });

/** SASL LOGIN, for clients that know no better. */
import { adding, definePlugin, SASL_MECHANISMS } from '@angarium/sdk';
import { login } from './login.js';

export default definePlugin({ parts: [adding(SASL_MECHANISMS, [], () => [login])] });

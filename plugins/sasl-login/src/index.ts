/** SASL LOGIN, for clients that know no better. */
import { definePlugin, part } from '@angarium/sdk';
import { LoginRegistration } from './login.js';

export default definePlugin({ parts: [part(LoginRegistration)] });

/** Passwords as other systems hashed them, for sources that read what others wrote. */
import { definePlugin, PASSWORD_SCHEMES, provide } from '@angarium/sdk';
import { KnownSchemes } from './known-schemes.js';

export default definePlugin({ provides: [provide(PASSWORD_SCHEMES, KnownSchemes)] });

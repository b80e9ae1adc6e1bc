/** OAUTHBEARER (RFC 7628) and XOAUTH2. */
import { definePlugin, part } from '@angarium/sdk';
import { OauthRegistration } from './registration.js';

export default definePlugin({ parts: [part(OauthRegistration)] });

/** URLAUTH (RFC 4467): URLs by which others may read a part of a message. */
import { definePlugin, part } from '@angarium/sdk';
import { UrlAuthExtension } from './extension.js';

export default definePlugin({ parts: [part(UrlAuthExtension)] });

/** What node:cluster runs as a worker. */
import { runWorker } from './worker.js';

runWorker();

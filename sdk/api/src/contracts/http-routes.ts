import { type RegistryContract, registry } from '../di.js';

/** Pages and API of the HTTP service. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/metrics`, `/api/users/:user`. */
  readonly path: string;
  readonly access: 'public' | 'user' | 'admin';
  handle(request: Request, parameters: Readonly<Record<string, string>>): Promise<Response>;
}
export const HTTP_ROUTES: RegistryContract<HttpRoute> = registry('http-routes', 1);

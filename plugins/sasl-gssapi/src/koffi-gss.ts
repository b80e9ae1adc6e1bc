/**
 * The machine's own GSS-API library through koffi, which comes built: nothing is compiled or fetched when this plugin is
 * installed. Buffers that the library allocates are copied and given back at once.
 */
import { promisify } from 'node:util';
import koffi from 'koffi';
import { type GssContext, GssError, type GssLibrary, type GssStep } from './gss.js';

interface GssBuffer {
  length: number | bigint;
  value: unknown;
}

/** RFC 2744 §3.9.1: errors are in the upper half; 1 says that more is needed. */
const CONTINUE_NEEDED = 1;
const isError = (status: number) => status >>> 16 !== 0;

/** GSS_S_NO_CRED, GSS_S_FAILURE in acquiring, and the like are this server's trouble. */
const GSS_C_ACCEPT = 2;
const GSS_C_GSS_CODE = 1;
const GSS_C_MECH_CODE = 2;

/** GSS_C_NT_HOSTBASED_SERVICE, RFC 2743 §4.1. */
const HOSTBASED_SERVICE = Buffer.from('2a864886f71201020104', 'hex');

// Known to the declarations below by their names.
koffi.struct('gss_buffer_desc', { length: 'size_t', value: 'void *' });
koffi.struct('gss_OID_desc', { length: 'uint32_t', elements: 'void *' });

/** `_Out_` and `_Inout_` are koffi's; the rest is gssapi.h. */
function declare(lib: ReturnType<typeof koffi.load>) {
  const f = (text: string) => lib.func(text);
  return {
    importName: f(
      'uint32_t gss_import_name(_Out_ uint32_t *minor, gss_buffer_desc *text, gss_OID_desc *type, _Out_ void **name)',
    ),
    acquire: f(
      'uint32_t gss_acquire_cred(_Out_ uint32_t *minor, void *name, uint32_t time, void *mechs, int usage, _Out_ void **cred, void *actual, void *left)',
    ),
    accept: f(
      'uint32_t gss_accept_sec_context(_Out_ uint32_t *minor, _Inout_ void **context, void *cred, gss_buffer_desc *input, void *bindings, _Out_ void **source, void *mech, _Out_ gss_buffer_desc *output, void *flags, void *time, void *delegated)',
    ),
    wrap: f(
      'uint32_t gss_wrap(_Out_ uint32_t *minor, void *context, int conf, uint32_t qop, gss_buffer_desc *input, _Out_ int *state, _Out_ gss_buffer_desc *output)',
    ),
    unwrap: f(
      'uint32_t gss_unwrap(_Out_ uint32_t *minor, void *context, gss_buffer_desc *input, _Out_ gss_buffer_desc *output, _Out_ int *state, _Out_ uint32_t *qop)',
    ),
    displayName: f(
      'uint32_t gss_display_name(_Out_ uint32_t *minor, void *name, _Out_ gss_buffer_desc *output, void *type)',
    ),
    displayStatus: f(
      'uint32_t gss_display_status(_Out_ uint32_t *minor, uint32_t status, int type, void *mech, _Inout_ uint32_t *more, _Out_ gss_buffer_desc *output)',
    ),
    releaseBuffer: f('uint32_t gss_release_buffer(_Out_ uint32_t *minor, _Inout_ gss_buffer_desc *buffer)'),
    releaseName: f('uint32_t gss_release_name(_Out_ uint32_t *minor, _Inout_ void **name)'),
    releaseCred: f('uint32_t gss_release_cred(_Out_ uint32_t *minor, _Inout_ void **cred)'),
    deleteContext: f(
      'uint32_t gss_delete_sec_context(_Out_ uint32_t *minor, _Inout_ void **context, void *output)',
    ),
    useKeytab: f('uint32_t krb5_gss_register_acceptor_identity(const char *keytab)'),
  };
}

type Functions = ReturnType<typeof declare>;

/** @throws Error when there is no such library. */
export function loadGss(options: { library: string; keytab: string; hostname: string }): GssLibrary {
  const functions = declare(koffi.load(options.library));
  if (options.keytab !== '') functions.useKeytab(options.keytab);
  return {
    newContext(service) {
      const name = options.hostname === '' ? service : `${service}@${options.hostname}`;
      return new KoffiContext(functions, acquire(functions, name));
    },
  };
}

/** The server's credentials for one service. */
function acquire(functions: Functions, name: string): unknown {
  const minor = [0];
  const imported: unknown[] = [null];
  const type = { length: HOSTBASED_SERVICE.length, elements: HOSTBASED_SERVICE };
  check(functions, functions.importName(minor, bufferOf(Buffer.from(name)), type, imported), minor, true);
  const cred: unknown[] = [null];
  const status: number = functions.acquire(minor, imported[0], 0, null, GSS_C_ACCEPT, cred, null, null);
  const acquired = [...minor];
  functions.releaseName(minor, imported);
  check(functions, status, acquired, true);
  return cred[0];
}

class KoffiContext implements GssContext {
  private readonly context: unknown[] = [null];

  constructor(
    private readonly functions: Functions,
    private readonly cred: unknown,
  ) {}

  /** On koffi's threads: it reads the keytab and writes the replay cache. */
  async accept(token: Uint8Array): Promise<GssStep> {
    const { functions, context } = this;
    const minor = [0];
    const source: unknown[] = [null];
    const output = emptyBuffer();
    const call = promisify(functions.accept.async) as (...args: unknown[]) => Promise<number>;
    const input = bufferOf(token);
    const status = await call(minor, context, this.cred, input, null, source, null, output, null, null, null);
    const answer = this.take(output);
    const principal = source[0] === null ? undefined : this.nameOf(source);
    check(functions, status, minor, false);
    return { token: answer, principal: status & CONTINUE_NEEDED ? undefined : principal };
  }

  wrap(message: Uint8Array): Uint8Array {
    const minor = [0];
    const output = emptyBuffer();
    const { functions, context } = this;
    check(functions, functions.wrap(minor, context[0], 0, 0, bufferOf(message), [0], output), minor, false);
    return this.take(output);
  }

  unwrap(message: Uint8Array): Uint8Array {
    const minor = [0];
    const output = emptyBuffer();
    const { functions, context } = this;
    check(functions, functions.unwrap(minor, context[0], bufferOf(message), output, [0], [0]), minor, false);
    return this.take(output);
  }

  end(): void {
    const minor = [0];
    this.functions.deleteContext(minor, this.context, null);
    this.functions.releaseCred(minor, [this.cred]);
  }

  private nameOf(name: unknown[]): string {
    const output = emptyBuffer();
    const minor = [0];
    this.functions.displayName(minor, name[0], output, null);
    this.functions.releaseName(minor, name);
    return Buffer.from(this.take(output)).toString('utf8');
  }

  private take(buffer: GssBuffer): Uint8Array {
    return takeBuffer(this.functions, buffer);
  }
}

function check(functions: Functions, status: number, minor: number[], isOurs: boolean): void {
  if (!isError(status)) return;
  const texts = [
    textOf(functions, status, GSS_C_GSS_CODE),
    textOf(functions, minor[0] ?? 0, GSS_C_MECH_CODE),
  ];
  throw new GssError(texts.filter((text) => text !== '').join(': '), isOurs);
}

function textOf(functions: Functions, status: number, type: number): string {
  if (status === 0) return '';
  const output = emptyBuffer();
  functions.displayStatus([0], status, type, null, [0], output);
  return Buffer.from(takeBuffer(functions, output)).toString('utf8');
}

function emptyBuffer(): GssBuffer {
  return { length: 0, value: null };
}

function bufferOf(bytes: Uint8Array): GssBuffer {
  return { length: bytes.length, value: bytes };
}

/** A copy; the library's memory is given back. */
function takeBuffer(functions: Functions, buffer: GssBuffer): Uint8Array {
  const length = Number(buffer.length);
  const bytes =
    length === 0 || buffer.value === null
      ? new Uint8Array(0)
      : Uint8Array.from(koffi.decode(buffer.value, koffi.array('uint8_t', length)) as Uint8Array);
  functions.releaseBuffer([0], buffer);
  return bytes;
}

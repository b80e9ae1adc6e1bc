/** Synthetic mail, the same for every run. */

const words =
  'courier road station horse rider relay letter seal king satrap road winter night snow rain heat delay swift dawn post'.split(
    ' ',
  );

/** A small linear congruential generator: repeatable without a dependency. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A plain text message of about `bytes` octets, CRLF, unique by `n`. */
export function plainMessage(n: number, bytes = 3500): string {
  const random = randomNumbers(n + 1);
  const head = [
    `From: Sender ${n % 97} <sender${n % 97}@example.org>`,
    `To: Reader <reader${n % 13}@example.net>`,
    `Subject: Relay ${n} of the ${words[n % words.length]}`,
    `Date: ${new Date(1_700_000_000_000 + n * 61_000).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${n}.${Math.floor(random() * 1e9)}@bench.example>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 7bit',
    '',
    '',
  ].join('\r\n');
  let body = '';
  while (head.length + body.length < bytes) {
    let line = '';
    while (line.length < 64) line += `${words[Math.floor(random() * words.length)]} `;
    body += `${line.trimEnd()}\r\n`;
  }
  return head + body;
}

/** multipart/mixed: a text and a base64 attachment, about `bytes` octets. */
export function mixedMessage(n: number, bytes = 50_000): string {
  const random = randomNumbers(n + 7);
  const attachment = Buffer.alloc(Math.max(1, Math.floor((bytes - 800) * 0.73)));
  for (let i = 0; i < attachment.length; i++) attachment[i] = Math.floor(random() * 256);
  return [
    `From: Sender <sender@example.org>`,
    `To: Reader <reader@example.net>, "Other, one" <other@example.net>`,
    `Subject: =?utf-8?Q?Anhang_${n}_f=C3=BCr_dich?=`,
    `Date: ${new Date(1_700_000_000_000 + n * 61_000).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <mixed.${n}@bench.example>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="=_part"',
    '',
    '--=_part',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'See the attachment.',
    '--=_part',
    'Content-Type: application/octet-stream; name="data.bin"',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="data.bin"',
    '',
    (attachment.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n'),
    '--=_part--',
    '',
  ].join('\r\n');
}

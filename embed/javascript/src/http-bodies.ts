/** Reads the body of a request, under strict limits. */

import type { Body } from "./generated/interfaces/asserta-exchange-http.js";

/** In bytes: the component takes no more (R15). */
const MAX_BODY = 65_536;
/** In milliseconds, for the whole of it. */
const BODY_TIMEOUT = 10_000;

/** What reads a body in parts. */
interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array }>;
  cancel(): Promise<unknown>;
}

/** The body. `length` is what `Content-Length` says of it: one that says too much is not read at all. */
export async function readBody(reader: Reader | undefined, length: string | undefined): Promise<Body> {
  if (!reader) return { tag: "bytes", val: new Uint8Array() };
  const leave = (): void => void reader.cancel().catch(() => {});
  if (Number(length ?? 0) > MAX_BODY) {
    leave();
    return { tag: "too-large" };
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((done) => (timer = setTimeout(() => done("late"), BODY_TIMEOUT)));
  try {
    for (;;) {
      const part = await Promise.race([reader.read(), late]);
      if (part === "late") {
        leave();
        return { tag: "broken" };
      }
      const { done, value } = part;
      if (done) break;
      size += value!.byteLength;
      if (size > MAX_BODY) {
        leave();
        return { tag: "too-large" };
      }
      parts.push(value!);
    }
  } catch {
    return { tag: "broken" };
  } finally {
    clearTimeout(timer);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return { tag: "bytes", val: bytes };
}

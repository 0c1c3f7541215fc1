// Names that nobody else gives.

/** 128 bits of chance. `crypto.randomUUID` is for pages over HTTPS and of this machine only. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");
}

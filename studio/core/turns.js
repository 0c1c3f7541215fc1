// Saves of one thing go one after the other: each is then on top of the version that the one before has made.

/** @type {Map<string, Promise<unknown>>} */
const last = new Map();

/** @template T @param {string} id @param {() => Promise<T>} work @returns {Promise<T>} */
export function inTurn(id, work) {
  const mine = (last.get(id) ?? Promise.resolve()).then(work, work);
  last.set(id, mine);
  return mine;
}

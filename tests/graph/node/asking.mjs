// What the clients' programs share: plain requests, and waiting for a condition.
export const url = process.argv[2];

export const CHANGED = `subscription Changed($after: Cursor) {
  statusChanged(after: $after) { cursor subjectId newStatus }
}`;
export const CREATE = `mutation Create { createScript(input: { content: "A train crosses a bridge." }) { script { id } } }`;

export async function ask(query) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return (await response.json()).data;
}

export async function until(condition) {
  const deadline = Date.now() + 8_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`did not happen: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function done(result) {
  console.log(JSON.stringify(result));
  process.exit(0);
}

// Files as scripts: plain text, Markdown, Fountain and Word documents, read in the browser.
import { m } from "../messages.js";

/** @typedef {{title: string | null, content: string}} Imported */

export const ACCEPTED = ".txt,.md,.markdown,.fountain,.docx,text/plain,text/markdown";
const MOST_BYTES = 20_000_000;
const MOST_XML_BYTES = 60_000_000;
const WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

/** Throws an Error with a sentence for people. @param {File} file @returns {Promise<Imported>} */
export async function imported(file) {
  const ending = file.name.toLowerCase().split(".").at(-1) ?? "";
  if (file.size > MOST_BYTES) throw new Error(m.fileTooLarge(file.name));
  const name = file.name.replace(/\.[^.]+$/, "").replace(/[_-]+/g, " ").trim();
  if (ending === "docx") {
    const content = wordText(await entry(await file.arrayBuffer(), "word/document.xml", file.name));
    return checked({ title: name, content }, file.name);
  }
  if (!["txt", "md", "markdown", "fountain", "text"].includes(ending) && !file.type.startsWith("text/")) {
    throw new Error(m.fileUnknown(file.name));
  }
  const text = decoded(await file.arrayBuffer(), file.name);
  if (ending === "fountain") return checked(fountain(text, name), file.name);
  if (ending === "md" || ending === "markdown") return checked(markdown(text, name), file.name);
  return checked({ title: null, content: text }, file.name);
}

/** @param {Imported} found @param {string} name */
function checked(found, name) {
  if (!found.content.trim()) throw new Error(m.fileEmpty(name));
  return found;
}

/** @param {ArrayBuffer} bytes @param {string} name */
function decoded(bytes, name) {
  const start = new Uint8Array(bytes, 0, Math.min(3, bytes.byteLength));
  const label = start[0] === 0xff && start[1] === 0xfe ? "utf-16le" : start[0] === 0xfe && start[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes).replace(/\r\n?/g, "\n");
  } catch {
    const old = new TextDecoder("windows-1252").decode(bytes).replace(/\r\n?/g, "\n");
    if (old.includes("\0")) throw new Error(m.fileNotText(name));
    return old;
  }
}

/** Headings and emphasis lose their marks; the words stay. @param {string} text @param {string} name @returns {Imported} */
export function markdown(text, name) {
  const body = text.replace(/^---\n[\s\S]*?\n---\n/, "");
  const heading = /^# +(.+?) *#*$/m.exec(body);
  const content = body
    .replace(heading && body.slice(0, heading.index).trim() === "" ? heading[0] : "\0", "")
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replace(/^#{1,6} +(.+?) *#*$/gm, "$1")
    .replace(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, "$2")
    .replace(/(?<![\w*])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?![\w*])/g, "$1")
    .replace(/^> ?/gm, "");
  return { title: heading ? heading[1].replace(/[*_`]/g, "") : name, content: content.trim() };
}

/** The title page gives the title; notes and what is crossed out are no part of the story. @param {string} text @param {string} name @returns {Imported} */
export function fountain(text, name) {
  const page = /^(?:[A-Za-z ]+:.*\n(?:[ \t]+.*\n)*)+\n/.exec(`${text}\n`);
  const title = page ? /^title:[ \t]*\n?[ \t]*(.+)$/im.exec(page[0])?.[1] : undefined;
  const content = (page ? text.slice(page[0].length) : text)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\[\[[\s\S]*?\]\]/g, "")
    .replace(/^={3,}$/gm, "")
    .replace(/^(?:#+|=) .*$/gm, "")
    .replace(/^[.!@~](?=\S)/gm, "")
    .replace(/\n{3,}/g, "\n\n");
  return { title: (title ?? name).replace(/[*_]/g, "").trim(), content: content.trim() };
}

/** Paragraphs with a blank line between them, as people write them elsewhere. @param {string} xml */
function wordText(xml) {
  const parsed = new DOMParser().parseFromString(xml, "application/xml");
  return [...parsed.getElementsByTagNameNS(WORD, "p")].map(paragraph).join("\n\n").replace(/\n{3,}/g, "\n\n").trim();
}

/** @param {Element} element */
function paragraph(element) {
  let text = "";
  for (const node of element.getElementsByTagNameNS(WORD, "*")) {
    if (node.localName === "t") text += node.textContent;
    else if (node.localName === "tab") text += node.parentElement?.localName === "r" ? "\t" : "";
    else if (node.localName === "br" || node.localName === "cr") text += "\n";
  }
  return text.trimEnd();
}

/** One file out of a ZIP archive, by its directory at the end. @param {ArrayBuffer} archive @param {string} wanted @param {string} name */
async function entry(archive, wanted, name) {
  const view = new DataView(archive);
  let end = archive.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Error(m.fileNotWord(name));
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (view.getUint32(at, true) !== 0x02014b50) break;
    const [length, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const path = new TextDecoder().decode(new Uint8Array(archive, at + 46, length));
    if (path === wanted) {
      const local = view.getUint32(at + 42, true);
      const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      const packed = new Uint8Array(archive, begin, view.getUint32(at + 20, true));
      return view.getUint16(at + 10, true) === 0 ? new TextDecoder().decode(packed) : inflated(packed, name);
    }
    at += 46 + length + extra + comment;
  }
  throw new Error(m.fileNotWord(name));
}

/** @param {Uint8Array<ArrayBuffer>} packed @param {string} name */
async function inflated(packed, name) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder();
  let [text, size] = ["", 0];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > MOST_XML_BYTES) throw new Error(m.fileTooLarge(name));
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

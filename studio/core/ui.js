// The one door to the vendored libraries, so that only this file knows where they lie.
import { h } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export { Fragment, h, render } from "../vendor/preact.js";
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
export { batch, computed, effect, signal, untracked, useComputed, useSignal } from "../vendor/signals.js";

export const html = htm.bind(h);

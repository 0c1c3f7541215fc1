// Numbers, money and moments as people read them.
import { m } from "../messages.js";

const numbers = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });
const full = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "medium" });

/** @param {number} value */
export const count = (value) => numbers.format(value);

/** @param {string} moment */
export function when(moment) {
  const [then, now] = [new Date(moment), new Date()];
  const seconds = (now.getTime() - then.getTime()) / 1_000;
  if (seconds < 45) return m.justNow;
  if (seconds < 3_600) return m.minutesAgo(Math.max(1, Math.round(seconds / 60)));
  if (then.toDateString() === now.toDateString()) return clock.format(then);
  if (then.getFullYear() === now.getFullYear()) return `${day.format(then)}, ${clock.format(then)}`;
  return dayAndYear.format(then);
}

/** @param {string} moment */
export const exactly = (moment) => full.format(new Date(moment));

/** As a clock shows it: 2:15. @param {number} seconds */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1_000))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** @param {string | null} amount @param {string} currency */
export function money(amount, currency) {
  if (amount === null) return m.unknownAmount;
  const value = Number(amount);
  const digits = value !== 0 && Math.abs(value) < 0.1 ? 4 : 2;
  return new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: digits }).format(value);
}

/** @param {import("./types").Cost | undefined} cost */
export function spent(cost) {
  if (!cost || cost.calls === 0) return m.nothingSpent;
  if (cost.amount === null) return m.unknownAmount;
  return (cost.unknownCalls ? m.atLeast : "") + money(cost.amount, cost.currency);
}

/** What a decision may cost at most; empty where it costs nothing. @param {import("./types").Estimate | null | undefined} estimate */
export function atMost(estimate) {
  if (!estimate || estimate.calls === 0) return "";
  return estimate.amount === null ? m.costUnknown : m.atMost(money(estimate.amount, estimate.currency));
}

/** @param {string} text */
export function words(text) {
  return text.trim() ? text.trim().split(/\s+/u).length : 0;
}

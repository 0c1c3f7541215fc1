// Runs before the first paint, so that a page that is meant to be dark never flashes white.
try {
  const theme = localStorage.getItem("reelgate:theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage, no choice: the system's is used.
}

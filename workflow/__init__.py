"""What people and workers may do: one plain async function each, called by every face alike."""

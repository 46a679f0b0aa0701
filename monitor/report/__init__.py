"""A report on a scope as a page or Markdown. Pure: it is gathered in `monitor.methods`, `monitor.trends` and the store."""

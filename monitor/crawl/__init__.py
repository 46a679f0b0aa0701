"""What all spiders share: the walk over a source, reply checks, pacing, the steps of a page, run records, exporters."""

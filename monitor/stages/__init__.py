"""Work on what is stored already, without Scrapy: replay of the quarantine now; scoring, re-match and back-fill are its kin."""

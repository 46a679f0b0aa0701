"""scrapyd on MongoDB: any number of nodes that share eggs, queue and jobs, and of which any may die."""

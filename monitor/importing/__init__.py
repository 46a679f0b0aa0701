"""Files of posts that others collected: a reader for each form, pure functions from a row to a Post. `monitor import` uses them."""

"""The methods of a selection of posts: what was asked, counted and measured, as a paragraph that can be cited and made again."""

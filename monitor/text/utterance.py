"""What the author of a post said, in one piece: what language is detected in and sentiment is scored on."""

from monitor.post import Post


def utterance(post: Post) -> str:
    """Title, then text. A content warning (`summary`) is about the post and no part of what it says."""
    if not post.title or post.text.startswith(post.title):  # servers without titles repeat the beginning of the text
        return post.text
    return f"{post.title}\n\n{post.text}".rstrip()

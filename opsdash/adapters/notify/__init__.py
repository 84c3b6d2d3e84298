"""Ways to tell somebody: a webhook, a chat, a pager, a mail, and what the apprise library knows."""

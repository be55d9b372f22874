"""API: the same verbs, with a key. OpenAPI 3.1, problem details (RFC 9457), cursors, Idempotency-Key, ETag/If-Match."""

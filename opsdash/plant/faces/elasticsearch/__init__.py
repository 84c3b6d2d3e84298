"""The subset of Elasticsearch 8.19 that clients of logs use, answered from the plant's ring of documents."""

"""One file for each vendor, written from that vendor's own documents."""

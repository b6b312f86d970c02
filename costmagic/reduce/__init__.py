"""What makes a request or its reply shorter without making it worse."""

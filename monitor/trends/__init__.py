"""What a scope shows: trends of one, a comparison of several, and networks, gathered from the store as plain values."""

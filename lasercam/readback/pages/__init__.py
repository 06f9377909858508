"""Pages of stored data in camera images: from light to levels."""

"""The interactive preview: a page that holds everything it shows, and opens without a network."""

"""The controllers' languages: for each an encoder that writes job files and a reader that proves what they say."""

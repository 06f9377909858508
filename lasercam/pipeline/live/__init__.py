"""The live preview: a job's picture in the browser, made anew whenever a file it depends on is saved."""

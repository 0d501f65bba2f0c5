"""What can be told of data sets and their annotation files before anything is built."""

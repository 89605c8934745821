"""The API's answers, one file for each thing that is asked about."""

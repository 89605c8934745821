"""What is done with readings behind the recording: blocks are packed, closed months move to Parquet files."""

"""What was done here, and the earlier states that the server keeps."""

"""The pixels behind the layers: painted, composed, encoded, filled."""

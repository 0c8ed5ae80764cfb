"""What an uploaded file is, told by its content; no ORM in it."""

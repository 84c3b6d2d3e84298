"""The layers of the plant, from the users' browsers to the price of it all: functions on arrays of seconds."""

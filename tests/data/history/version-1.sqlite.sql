CREATE TABLE dunning_event (
	seq INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	on_date TEXT NOT NULL, 
	customer TEXT NOT NULL, 
	customer_hash TEXT NOT NULL, 
	letter_key TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	creditor TEXT NOT NULL, 
	group_name TEXT NOT NULL, 
	level INTEGER NOT NULL, 
	level_name TEXT NOT NULL, 
	items TEXT NOT NULL, 
	carried TEXT NOT NULL, 
	totals TEXT NOT NULL, 
	deadline TEXT, 
	channel TEXT NOT NULL, 
	recipients TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	body TEXT NOT NULL, 
	chosen_by TEXT NOT NULL, 
	because TEXT NOT NULL, 
	at_us INTEGER, 
	PRIMARY KEY (seq)
) STRICT;
CREATE TABLE dunning_letter (
	letter_key TEXT NOT NULL, 
	attempt INTEGER NOT NULL, 
	stage TEXT NOT NULL, 
	PRIMARY KEY (letter_key, attempt, stage)
) STRICT;
CREATE TABLE dunning_schema (
	name TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	PRIMARY KEY (name)
) STRICT;
CREATE INDEX dunning_event_customer ON dunning_event (customer_hash, seq);
CREATE INDEX dunning_event_letter ON dunning_event (letter_key, attempt);

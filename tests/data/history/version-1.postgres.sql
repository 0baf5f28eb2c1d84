CREATE TABLE dunning_event (
	seq BIGSERIAL NOT NULL, 
	kind VARCHAR(16) COLLATE "C" NOT NULL, 
	on_date VARCHAR(10) COLLATE "C" NOT NULL, 
	customer TEXT COLLATE "C" NOT NULL, 
	customer_hash VARCHAR(64) COLLATE "C" NOT NULL, 
	letter_key VARCHAR(64) COLLATE "C" NOT NULL, 
	attempt INTEGER NOT NULL, 
	creditor TEXT COLLATE "C" NOT NULL, 
	group_name TEXT COLLATE "C" NOT NULL, 
	level INTEGER NOT NULL, 
	level_name TEXT COLLATE "C" NOT NULL, 
	items TEXT COLLATE "C" NOT NULL, 
	carried TEXT COLLATE "C" NOT NULL, 
	totals TEXT COLLATE "C" NOT NULL, 
	deadline VARCHAR(10) COLLATE "C", 
	channel TEXT COLLATE "C" NOT NULL, 
	recipients TEXT COLLATE "C" NOT NULL, 
	subject TEXT COLLATE "C" NOT NULL, 
	body TEXT COLLATE "C" NOT NULL, 
	chosen_by TEXT COLLATE "C" NOT NULL, 
	because TEXT COLLATE "C" NOT NULL, 
	at_us BIGINT, 
	PRIMARY KEY (seq)
);
CREATE INDEX dunning_event_customer ON dunning_event (customer_hash, seq);
CREATE INDEX dunning_event_letter ON dunning_event (letter_key, attempt);
CREATE TABLE dunning_letter (
	letter_key VARCHAR(64) COLLATE "C" NOT NULL, 
	attempt INTEGER NOT NULL, 
	stage VARCHAR(16) COLLATE "C" NOT NULL, 
	PRIMARY KEY (letter_key, attempt, stage)
);
CREATE TABLE dunning_schema (
	name VARCHAR(32) COLLATE "C" NOT NULL, 
	version INTEGER NOT NULL, 
	PRIMARY KEY (name)
);

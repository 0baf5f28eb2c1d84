CREATE TABLE dunning_event (
	seq BIGINT NOT NULL AUTO_INCREMENT, 
	kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, 
	on_date VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'business date, ISO 8601', 
	customer LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, 
	customer_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'lowercase hex SHA-256 of customer', 
	letter_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, 
	attempt INTEGER NOT NULL, 
	creditor LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, 
	group_name LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, 
	level INTEGER NOT NULL, 
	level_name LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, 
	items LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON: [[item, level recorded], ...]', 
	carried LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON: [item asked for without recording a level, ...]', 
	totals LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON: [[currency, whole units, decimal digits], ...]', 
	deadline VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin COMMENT 'ISO 8601; NULL: the letter set none', 
	channel LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, 
	recipients LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON: [address, ...]', 
	subject LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, 
	`body` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, 
	chosen_by LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, 
	because LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, 
	at_us BIGINT COMMENT 'microseconds since 1970 UTC; NULL: clock not recorded', 
	PRIMARY KEY (seq)
)ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE INDEX dunning_event_customer ON dunning_event (customer_hash, seq);
CREATE INDEX dunning_event_letter ON dunning_event (letter_key, attempt);
CREATE TABLE dunning_letter (
	letter_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, 
	attempt INTEGER NOT NULL, 
	stage VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'dispatched, doubted, answered, bounced', 
	PRIMARY KEY (letter_key, attempt, stage)
)ENGINE=InnoDB;
CREATE TABLE dunning_schema (
	name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, 
	version INTEGER NOT NULL, 
	PRIMARY KEY (name)
)ENGINE=InnoDB;

CREATE TABLE card_records (
	pic     {name} NOT NULL,
	student {name} NOT NULL, -- (personal)
	open    {int} NOT NULL,  -- 1: the router holds the student, or work is left
	touched {int} NOT NULL,
	record  {text} NOT NULL, -- (personal)
	PRIMARY KEY (pic, student)
);
CREATE INDEX card_records_student ON card_records (student);

CREATE TABLE card_names (
	name    {name} NOT NULL PRIMARY KEY, -- identifier or card number (personal)
	pic     {name} NOT NULL,
	student {name} NOT NULL,             -- who holds it (personal)
	touched {int} NOT NULL
);
CREATE INDEX card_names_student ON card_names (student);

CREATE TABLE esc_ticks (
	prefix {int} NOT NULL PRIMARY KEY,
	free   {int} NOT NULL
);

CREATE TABLE ewp_keyrings (
	name   {name} NOT NULL PRIMARY KEY,
	record {text} NOT NULL
);

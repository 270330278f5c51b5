-- Times are microseconds since 1970, by the clock of the database.

CREATE TABLE limits (
	name  {name} NOT NULL PRIMARY KEY, -- service, institution, digest of the token
	next  {int} NOT NULL,              -- when the next turn is
	until {int} NOT NULL               -- nobody has a turn before
);

CREATE TABLE work_rounds (
	job    {name} NOT NULL,
	name   {name} NOT NULL,
	begun  {int} NOT NULL,
	halted {text} NOT NULL, -- why it calls nobody any more, '' when it does
	ended  {int} NOT NULL,  -- 0: under way
	PRIMARY KEY (job, name)
);

CREATE TABLE work_parts (
	job      {name} NOT NULL,
	round    {name} NOT NULL,
	number   {int} NOT NULL,
	step     {text} NOT NULL,
	data     {text} NOT NULL, -- references of students, until it has ended (personal)
	due      {int} NOT NULL,  -- when it may be taken: the end of a lease, or of a pause
	attempts {int} NOT NULL,
	worker   {text} NOT NULL, -- who has it on lease
	outcome  {text} NOT NULL,
	error    {text} NOT NULL,
	created  {int} NOT NULL,
	ended    {int} NOT NULL,  -- 0: not yet
	PRIMARY KEY (job, round, number)
);
CREATE INDEX work_parts_due ON work_parts (due) WHERE ended = 0;

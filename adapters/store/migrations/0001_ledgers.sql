-- What every table of records has:
--   student  reference of the student (personal)
--   open     1: not settled, a purge leaves it alone
--   touched  when it was written last, in seconds since 1970
--   record   the record as JSON (personal)

CREATE TABLE campaign_records (
	id      {name} NOT NULL PRIMARY KEY, -- reference of the student (personal)
	student {name} NOT NULL,
	version {int} NOT NULL,
	holds   {name},                      -- fingerprint of the identity that it keeps from others (personal)
	open    {int} NOT NULL,
	touched {int} NOT NULL,
	record  {text} NOT NULL
);
CREATE INDEX campaign_records_holds ON campaign_records (holds) WHERE holds IS NOT NULL;

CREATE TABLE feed_records (
	id      {name} NOT NULL PRIMARY KEY, -- student and enrolment (personal)
	student {name} NOT NULL,
	version {int} NOT NULL,
	holds   {name},                      -- fingerprint of the enrolment that it keeps from others (personal)
	open    {int} NOT NULL,
	touched {int} NOT NULL,
	record  {text} NOT NULL
);
CREATE INDEX feed_records_holds ON feed_records (holds) WHERE holds IS NOT NULL;
CREATE INDEX feed_records_student ON feed_records (student);

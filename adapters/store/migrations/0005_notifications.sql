-- Times are nanoseconds since 1970, 0 for none.

CREATE TABLE cnr_queues (
	name   {name} NOT NULL PRIMARY KEY,
	claims {int} NOT NULL -- the number of the last claim
);

CREATE TABLE cnr_entries (
	queue    {name} NOT NULL,
	sender   {name} NOT NULL,
	receiver {name} NOT NULL,
	api      {name} NOT NULL,
	id       {name} NOT NULL, -- of an agreement or a mobility (personal)
	waiting  {int} NOT NULL,  -- 1: to be done, 0: final
	ready    {int} NOT NULL,  -- when it can be claimed
	attempts {int} NOT NULL,
	since    {int} NOT NULL,
	leased   {int} NOT NULL,  -- end of the lease of one that waits
	settled  {int} NOT NULL,
	record   {text} NOT NULL, -- with the partner's words (personal)
	PRIMARY KEY (queue, sender, receiver, api, id)
);
CREATE INDEX cnr_entries_ready ON cnr_entries (queue, ready, attempts, since) WHERE waiting = 1;

CREATE TABLE cnr_marks (
	queue    {name} NOT NULL,
	sender   {name} NOT NULL,
	receiver {name} NOT NULL,
	api      {name} NOT NULL,
	record   {text} NOT NULL,
	PRIMARY KEY (queue, sender, receiver, api)
);

CREATE TABLE grant_exports (
	id      {name} NOT NULL PRIMARY KEY, -- the caller's reference of the export
	student {name} NOT NULL,             -- always ''
	version {int} NOT NULL,
	holds   {name},
	open    {int} NOT NULL,
	touched {int} NOT NULL,
	record  {text} NOT NULL
);

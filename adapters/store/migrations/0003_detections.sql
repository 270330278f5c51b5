CREATE TABLE grant_detections (
	seq     {serial},          -- in the order of recording
	student {name} NOT NULL,   -- (personal)
	year    {int} NOT NULL,
	at      {int} NOT NULL,    -- when the answer came, in nanoseconds since 1970
	wait    {int} NOT NULL,    -- 1: the answer was no firm yes
	touched {int} NOT NULL,
	record  {text} NOT NULL    -- (personal)
);
CREATE INDEX grant_detections_of ON grant_detections (year, student, at, seq);
CREATE INDEX grant_detections_student ON grant_detections (student);

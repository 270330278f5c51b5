package pegase

import "log/slog"

// masked stands for a personal record in a log line.
var masked = slog.StringValue("***")

// LogValue masks the profile.
func (Profile) LogValue() slog.Value { return masked }

// LogValue masks the civil status.
func (Civil) LogValue() slog.Value { return masked }

// LogValue masks the addresses.
func (Contact) LogValue() slog.Value { return masked }

// LogValue masks the address.
func (FlowEmail) LogValue() slog.Value { return masked }

// LogValue masks the student.
func (FileStudent) LogValue() slog.Value { return masked }

// LogValue masks the civil status.
func (FileCivil) LogValue() slog.Value { return masked }

// LogValue masks the birth.
func (FileBirth) LogValue() slog.Value { return masked }

// LogValue gives what INES said, without the number.
func (f FileINE) LogValue() slog.Value { return slog.StringValue(string(f.Status)) }

// LogValue masks the certificate.
func (FileCVEC) LogValue() slog.Value { return masked }

// LogValue gives what the enrolment is for, and nothing of the student.
func (e FileEnrolment) LogValue() slog.Value { return slog.StringValue(e.Target.PathCode()) }

// LogValue gives the period and the programme.
func (c Courses) LogValue() slog.Value {
	return slog.GroupValue(slog.String("period", c.Period.Code), slog.String("programme", c.Programme.Code))
}

// LogValue gives the object, and not the mark.
func (m Mark) LogValue() slog.Value { return slog.StringValue(m.Path) }

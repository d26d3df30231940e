package dsl

// excerptWidth is the number of characters of a line that a diagnostic shows.
const excerptWidth = 160

// excerpt returns the line of a position, or of a long one the part around it, and the column at which that begins.
func (s *source) excerpt(at Position) (string, int) {
	line := s.line(at.Line)
	if len(line) <= excerptWidth {
		return line, 1
	}
	from := max(at.Column-excerptWidth/2, 1)
	start := s.offset(Position{at.Line, from})
	end := s.offset(Position{at.Line, from + excerptWidth})
	return s.text[start:end], from
}

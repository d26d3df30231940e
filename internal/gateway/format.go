package gateway

// Format is how the text of a message is marked up.
type Format string

// Formats of a text.
const (
	FormatPlain    Format = "plain"    // as it stands
	FormatHTML     Format = "html"     // tags of the Bot API's HTML style
	FormatMarkdown Format = "markdown" // the Bot API's MarkdownV2
)

// Marked tells whether the text has markup that must be read to show it. The zero Format is plain.
func (f Format) Marked() bool { return f == FormatHTML || f == FormatMarkdown }

package cloud

import "strings"

// iniSection reads one section of a file of ~/.aws: "[name]", then "key = value"
// lines. Lines that begin with # or ; and nested settings, which are indented, are
// passed over. Names are in lower case, as AWS's tools compare them so.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
func iniSection(text, section string) map[string]string {
	out := map[string]string{}
	in := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		switch {
		case line == "" || line[0] == '#' || line[0] == ';' || line[0] == ' ' || line[0] == '\t':
		case line[0] == '[':
			name, _, _ := strings.Cut(line[1:], "]")
			in = strings.Join(strings.Fields(name), " ") == section
		case in:
			if key, value, ok := strings.Cut(line, "="); ok {
				out[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
			}
		}
	}
	return out
}

package wire

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// message reads a message of anybody. Codex's instructions are developer messages.
func (d *respReader) message(v gjson.Result, i int) error {
	var role Role
	switch r := v.Get("role").Str; r {
	case "user":
		role = User
	case "assistant":
		role = Assistant
	case "system", "developer":
		role = System
	default:
		param := fmt.Sprintf("input[%d].role", i)
		return respInvalid(param, "Invalid value: '%s'. Supported values are: 'assistant', 'system', 'developer', and 'user'.", r)
	}
	parts, err := d.content(v.Get("content"), fmt.Sprintf("input[%d].content", i))
	if err == nil && len(parts) > 0 {
		d.add(role, parts...)
	}
	return err
}

// content reads a text or a list of parts.
func (d *respReader) content(v gjson.Result, param string) ([]Part, error) {
	if v.Type == gjson.String {
		return []Part{{Kind: Text, Text: v.Str}}, nil
	}
	if !respGiven(v) {
		return nil, nil
	}
	if !v.IsArray() {
		return nil, respType(param, "a string or an array")
	}
	var parts []Part
	var err error
	i := 0
	v.ForEach(func(_, one gjson.Result) bool {
		var p Part
		var keep bool
		if p, keep, err = d.part(one, param, i); keep {
			parts = append(parts, p)
		}
		i++
		return err == nil
	})
	return parts, err
}

func (d *respReader) part(v gjson.Result, param string, i int) (p Part, keep bool, err error) {
	switch kind := v.Get("type").Str; kind {
	case "input_text", "output_text", "text", "summary_text", "reasoning_text":
		p.Kind = Text
		p.Text, err = respString(v.Get("text"), fmt.Sprintf("%s[%d].text", param, i))
	case "refusal":
		p.Kind = Refusal
		p.Text, err = respString(v.Get("refusal"), fmt.Sprintf("%s[%d].refusal", param, i))
	case "input_image", "computer_screenshot":
		p.Kind, p.Media = Image, &Media{FileID: v.Get("file_id").Str, Detail: v.Get("detail").Str}
		url := v.Get("image_url")
		if url.IsObject() { // Chat's form, which some clients send
			url = url.Get("url")
		}
		respMediaURL(p.Media, url.Str)
		if p.Media.empty() {
			err = respInvalid(fmt.Sprintf("%s[%d]", param, i), "An image needs an 'image_url' or a 'file_id'.")
		}
	case "input_file":
		p.Kind, p.Media = Document, &Media{FileID: v.Get("file_id").Str, Filename: v.Get("filename").Str}
		if data := v.Get("file_data").Str; strings.HasPrefix(data, "data:") {
			respMediaURL(p.Media, data)
		} else {
			p.Media.Data = data
		}
		if url := v.Get("file_url").Str; url != "" {
			respMediaURL(p.Media, url)
		}
		respDocument(p.Media)
		if p.Media.empty() {
			err = respInvalid(fmt.Sprintf("%s[%d]", param, i), "A file needs 'file_data', a 'file_url' or a 'file_id'.")
		}
	case "encrypted_content": // what only OpenAI can read
		d.req.Drops.Add("content.encrypted_content")
		return p, false, nil
	default:
		at := fmt.Sprintf("%s[%d]", param, i)
		err = respInvalid(at, "Content of the type '%s' cannot be sent to this provider.", kind)
	}
	return p, err == nil, err
}

func (m *Media) empty() bool { return m.Data == "" && m.URL == "" && m.FileID == "" && m.Text == "" }

// respMediaURL takes a data URL apart (RFC 2397); any other URL stays one.
func respMediaURL(m *Media, url string) {
	rest, ok := strings.CutPrefix(url, "data:")
	head, data, comma := strings.Cut(rest, ",")
	mime, base64ed := strings.CutSuffix(head, ";base64")
	if !ok || !comma || !base64ed {
		m.URL = url
		return
	}
	mime, _, _ = strings.Cut(mime, ";") // charset and name
	m.MIME, m.Data = mime, data
}

// respDocument finds out what a file is: by its name where nothing else says so. Plain
// text becomes text, which every provider can read.
func respDocument(m *Media) {
	if m.Data == "" {
		return
	}
	if m.MIME == "" || m.MIME == "application/octet-stream" {
		m.MIME = "application/pdf"
		if dot := strings.LastIndexByte(m.Filename, '.'); dot >= 0 {
			switch strings.ToLower(m.Filename[dot:]) {
			case ".txt", ".md", ".csv", ".json", ".yaml", ".yml", ".xml", ".html", ".log", ".go", ".py", ".js", ".ts":
				m.MIME = "text/plain"
			}
		}
	}
	if !strings.HasPrefix(m.MIME, "text/") && m.MIME != "application/json" {
		return
	}
	if text, err := base64.StdEncoding.DecodeString(m.Data); err == nil {
		m.MIME, m.Text, m.Data = "text/plain", strings.ToValidUTF8(string(text), "\ufffd"), ""
	}
}

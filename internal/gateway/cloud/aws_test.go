package cloud

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func request(t *testing.T) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-opus-5-v1:0/invoke", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

const sumOfEmptyObject = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

const awsConfig = `# mine
[default]
region = eu-west-1
[profile  work]
credential_process = %PROCESS%
s3 =
  max_queue_size = 10
[profile sso]
sso_session = corp
[profile role]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = default
`

const awsKeys = "[default]\naws_access_key_id=AKIDFILE\r\naws_secret_access_key = filesecret\n; aws_session_token = no\n[role]\naws_access_key_id = AKIDBASE\naws_secret_access_key = basesecret\n"

func TestAWSFindsCredentials(t *testing.T) {
	home := t.TempDir()
	process := filepath.Join(home, "process.sh")
	reply := func(id string) string {
		return `{"Version":1,"AccessKeyId":"` + id + `","SecretAccessKey":"s","SessionToken":"t","Expiration":"2099-01-01T00:00:00Z"}`
	}
	write(t, process, "#!/bin/sh\necho '"+reply("AKIDPROCESS")+"'\n", 0o700)
	write(t, filepath.Join(home, ".aws/config"), strings.ReplaceAll(awsConfig, "%PROCESS%", process), 0o600)
	write(t, filepath.Join(home, ".aws/credentials"), awsKeys, 0o600)
	// AWS's own command, as strict as it is about what it is asked.
	write(t, filepath.Join(home, "bin/aws"), `#!/bin/sh
[ "$1 $2 $3 $4 $5" = "configure export-credentials --format process --profile" ] || exit 252
case $6 in
sso) echo '`+reply("AKIDSSO")+`';;
role) echo '`+reply("AKIDROLE")+`';;
*) echo "The config profile ($6) could not be found" >&2; exit 255;;
esac
`, 0o700)
	t.Setenv("PATH", filepath.Join(home, "bin")+":"+os.Getenv("PATH"))
	for _, tt := range []struct {
		name, profile string
		env           map[string]string
		want          string // the key's id; "" for an error
	}{
		{"environment", "", map[string]string{"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "tok"}, "AKIDENV"},
		{"default profile", "", nil, "AKIDFILE"},
		{"a named profile comes before the environment", "work", map[string]string{"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"}, "AKIDPROCESS"},
		{"profile of the environment", "", map[string]string{"AWS_PROFILE": "work"}, "AKIDPROCESS"},
		{"sso", "sso", nil, "AKIDSSO"},
		{"a role, although there is a key", "role", nil, "AKIDROLE"},
		{"no such profile", "nobody", nil, ""},
		{"other files", "", map[string]string{"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "none"), "AWS_CONFIG_FILE": filepath.Join(home, "none")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &AWS{Service: "bedrock", Region: "us-east-1", Profile: tt.profile, getenv: func(name string) string {
				if name == "HOME" {
					return home
				}
				return tt.env[name]
			}}
			r := request(t)
			err := a.Authorize(t.Context(), r, sumOfEmptyObject)
			if tt.want == "" {
				var e *Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), "aws sso login") || !strings.Contains(err.Error(), "ringlet providers login") {
					t.Errorf("%v", err)
				}
				if again := a.Authorize(t.Context(), r, sumOfEmptyObject); again != err {
					t.Errorf("a failure is searched for again at once: %v", again)
				}
				return
			}
			got := r.Header.Get("Authorization")
			if err != nil || !strings.HasPrefix(got, "AWS4-HMAC-SHA256 Credential="+tt.want+"/") || !strings.Contains(got, "/us-east-1/bedrock/aws4_request") {
				t.Errorf("%v, %q", err, got)
			}
			if (r.Header.Get("X-Amz-Security-Token") == "") != (tt.want == "AKIDFILE") {
				t.Errorf("session token %q", r.Header.Get("X-Amz-Security-Token"))
			}
		})
	}
}

// TestAWSForgetsWhoLeft: a client that leaves during the search says nothing
// about the credentials.
func TestAWSForgetsWhoLeft(t *testing.T) {
	home := t.TempDir()
	write(t, filepath.Join(home, "bin/aws"), "#!/bin/sh\nexec sleep 60\n", 0o700)
	t.Setenv("PATH", filepath.Join(home, "bin")+":"+os.Getenv("PATH"))
	a := &AWS{Service: "bedrock", Region: "us-east-1", getenv: func(name string) string { return map[string]string{"HOME": home}[name] }}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Authorize(ctx, request(t), sumOfEmptyObject); err == nil {
		t.Fatal("no error")
	}
	if err := a.failed.now(); err != nil {
		t.Errorf("%v is remembered", err)
	}
}

func FuzzINI(f *testing.F) {
	f.Add(awsConfig, "profile work")
	f.Add(awsKeys, "default")
	f.Fuzz(func(t *testing.T, text, section string) {
		for k, v := range iniSection(text, section) {
			if k != strings.TrimSpace(k) || v != strings.TrimSpace(v) || strings.Contains(v, "\n") {
				t.Errorf("%q: %q", k, v)
			}
		}
	})
}

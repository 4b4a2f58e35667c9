package cloud

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
)

// AWS signs requests to a service in a region with the account's usual
// credentials (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html):
// those of the environment; a key or a credential_process of the profile in
// ~/.aws; and what else a profile can be (SSO, roles, web identity, a container's,
// an instance's) as AWS's own command says it: aws configure export-credentials.
//
// The SDK's config package would do the last part in this process. It is not
// used because every engine would pay for it, with or without AWS: its packages'
// initialisation takes 1.4 ms of the start and 2.7 MB of memory.
type AWS struct {
	Service string // the signing name: "bedrock"
	Region  string
	Profile string // "" for $AWS_PROFILE, or "default"

	getenv func(string) string // nil: os.Getenv

	mu       sync.Mutex
	provider aws.CredentialsProvider // caches and renews
	failed   failed
}

// Authorize signs req, whose headers must not change any more. Its errors are *Error.
func (a *AWS) Authorize(ctx context.Context, req *http.Request, sum string) error {
	found, err := a.credentials(ctx)
	if err != nil {
		return err
	}
	if err := v4.NewSigner().SignHTTP(ctx, found, req, sum, a.Service, a.Region, time.Now()); err != nil {
		return &Error{Problem: "the request could not be signed with the AWS credentials", Remedy: "renew them: aws sso login, or aws configure", Err: err}
	}
	return nil
}

func (a *AWS) credentials(ctx context.Context) (aws.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.failed.now(); err != nil {
		return aws.Credentials{}, err
	}
	if a.provider == nil {
		p, err := a.find()
		if err != nil {
			return aws.Credentials{}, a.missing(err)
		}
		a.provider = aws.NewCredentialsCache(p, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = time.Minute })
	}
	got, err := a.provider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, a.missing(err)
	}
	return got, nil
}

func (a *AWS) env(name string) string {
	if a.getenv != nil {
		return a.getenv(name)
	}
	return os.Getenv(name)
}

func (a *AWS) profile() string {
	for _, name := range []string{a.Profile, a.env("AWS_PROFILE")} {
		if name != "" {
			return name
		}
	}
	return "default"
}

// find decides where the credentials come from; a profile that was named comes
// before the environment's.
func (a *AWS) find() (aws.CredentialsProvider, error) {
	if id, key := a.env("AWS_ACCESS_KEY_ID"), a.env("AWS_SECRET_ACCESS_KEY"); a.Profile == "" && id != "" && key != "" {
		return credentials.NewStaticCredentialsProvider(id, key, a.env("AWS_SESSION_TOKEN")), nil
	}
	p, err := a.readProfile()
	if err != nil {
		return nil, err
	}
	switch {
	case p["role_arn"] == "" && p["aws_access_key_id"] != "" && p["aws_secret_access_key"] != "":
		return credentials.NewStaticCredentialsProvider(p["aws_access_key_id"], p["aws_secret_access_key"], p["aws_session_token"]), nil
	case p["role_arn"] == "" && p["sso_session"] == "" && p["sso_start_url"] == "" && p["credential_process"] != "":
		return processcreds.NewProvider(p["credential_process"], bounded), nil
	}
	return processcreds.NewProviderCommand(processcreds.NewCommandBuilderFunc(func(ctx context.Context) (*exec.Cmd, error) {
		return exec.CommandContext(ctx, "aws", "configure", "export-credentials", "--format", "process", "--profile", a.profile()), nil
	}), bounded), nil
}

func bounded(o *processcreds.Options) { o.Timeout = lookupTimeout }

// readProfile is the profile's section of ~/.aws/config under that of ~/.aws/credentials.
func (a *AWS) readProfile() (map[string]string, error) {
	out := map[string]string{}
	name := a.profile()
	section := "profile " + name
	if name == "default" {
		section = name
	}
	for _, f := range []struct{ env, file, section string }{
		{"AWS_CONFIG_FILE", "config", section}, {"AWS_SHARED_CREDENTIALS_FILE", "credentials", name},
	} {
		path := a.env(f.env)
		if path == "" {
			path = filepath.Join(a.env("HOME"), ".aws", f.file)
		}
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for k, v := range iniSection(string(data), f.section) {
			out[k] = v
		}
	}
	return out, nil
}

func (a *AWS) missing(err error) error {
	out := &Error{Problem: fmt.Sprintf("there are no usable AWS credentials for the profile %q", a.profile()),
		Remedy: "log in with aws sso login or aws configure, or store a Bedrock API key with: ringlet providers login bedrock", Err: err}
	a.failed.note(out)
	return out
}

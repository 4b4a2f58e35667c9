// Package ultrallmtest is a strict stand-in for the ultrallm binary, which could
// not be had when this was written: it serves the contract that ringlet counts
// on, and fails loudly where ringlet does not keep its side.
//
//   - ultrallm serve --config PATH, and nothing else;
//   - PATH is LiteLLM-shaped ([Config]): server, model_list, router_settings; a
//     section "ringlet" is somebody else's and is not looked at, any other
//     unknown field is an error;
//   - every ${NAME} that an api_key names must be set in the environment;
//   - it listens on server.host and server.port, by itself;
//   - GET /health answers 200; POST /v1/messages and /v1/chat/completions go to the
//     api_base of the model that the aliases, the model list or the first rule
//     without a condition name; GET /spend/analytics tells the sums;
//   - SIGTERM ends it, unless ULTRALLM_IGNORE_TERM=1; SIGHUP ends it as well, for it
//     cannot reload.
//
// It asks for no local token, as ultrallm knows none. The command is in ultrallm.
package ultrallmtest

// Package vmtest has the tests that need a kernel of their own: in a virtual
// machine (qemu) with Debian 13 they switch off user namespaces, let the clock
// jump, limit memory, restart the machine and cut its power, and see what becomes
// of ringlet's proxies. They carry the build tag vm and run by make test-vm; see
// README.md.
package vmtest

package service

import (
	"bytes"
	"context"
	"crypto/sha256"
	"sync"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/units"
)

// BatchInstaller is a [Supervisor] for which many installations cost little more
// than one: under systemd, one daemon-reload, which reads every unit there is.
type BatchInstaller interface {
	// InstallAll is Install for each of specs. All of it is refused before anything
	// is written. An Install of the same spec that follows on the same connection
	// has nothing left to do.
	InstallAll(ctx context.Context, specs []units.Spec) error
}

// fresh remembers what this connection has had the manager read, so that it is
// not read again. Nothing that systemd tells could stand for it: NeedDaemonReload
// misses files of the same second.
type fresh struct {
	mu  sync.Mutex
	sum map[string][sha256.Size]byte // by alias
}

func setSum(set units.Set) [sha256.Size]byte {
	h := sha256.New()
	for _, f := range set.Files() {
		h.Write([]byte(f.Name))
		h.Write(f.Content)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func (f *fresh) has(alias string, set units.Set) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum, ok := f.sum[alias]
	return ok && sum == setSum(set)
}

func (f *fresh) add(alias string, set units.Set) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sum == nil {
		f.sum = map[string][sha256.Size]byte{}
	}
	f.sum[alias] = setSum(set)
}

func (f *fresh) forget(alias string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sum, alias)
}

// installation is one spec of a batch, and what is there of it.
type installation struct {
	spec                  units.Spec
	set                   units.Set
	socket, service, mend unitFile
}

// same says that the files are what they should be.
func (i installation) same() bool {
	return bytes.Equal(i.socket.content, i.set.Socket.Content) && bytes.Equal(i.service.content, i.set.Service.Content) && bytes.Equal(i.mend.content, i.set.Mend.Content)
}

// InstallAll implements [BatchInstaller]. The order makes it mendable: all
// refusals first, then the files, then the links, then the manager reads it all.
// Whatever an interruption leaves, doing all of it again ends in the same place.
func (s *systemd) InstallAll(ctx context.Context, specs []units.Spec) error {
	var all []installation
	for _, spec := range specs {
		set, err := s.Render(ctx, spec)
		if err != nil {
			return err
		}
		all = append(all, installation{spec: spec, set: set})
	}
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()

	target, err := s.readUnit(units.Target)
	if err != nil {
		return err
	}
	if newer(target) { // it is everybody's, and stays as another proxy's ringlet wrote it
		for i := range all {
			all[i].set.Target.Content = target.content
		}
	}
	linked, err := s.linked()
	if err != nil {
		return err
	}
	var todo []installation
	for _, i := range all {
		if i.socket, i.service, err = s.readOlder(i.spec.Alias, i.spec.ConfigPath); err != nil {
			return err
		}
		if i.mend, err = s.readUnit(units.MendName(i.spec.Alias)); err != nil {
			return err
		}
		enabled := linked[i.set.Service.Name] && linked[units.Target] && (i.set.Socket.Name == "" || linked[i.set.Socket.Name])
		if !enabled || !s.fresh.has(i.spec.Alias, i.set) || !i.same() || !bytes.Equal(target.content, i.set.Target.Content) {
			todo = append(todo, i)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	var names []string
	for _, i := range todo {
		if err := s.write(ctx, i, target); err != nil {
			return err
		}
		for _, f := range i.set.Files() {
			if f.Name != units.Target && f.Name != i.set.Mend.Name { // nothing starts that but a failure
				names = append(names, f.Name)
			}
		}
	}
	alias := todo[0].spec.Alias // whose words an error is in; of several, the first's
	if err := s.enable(ctx, append([]string{units.Target}, names...)...); err != nil {
		return s.refused(alias, "be enabled", err)
	}
	if err := s.bus.reload(ctx); err != nil {
		return s.refused(alias, "be enabled", err)
	}
	for _, i := range todo {
		s.fresh.add(i.spec.Alias, i.set)
	}
	return nil
}

// write brings the files of one installation to what they should be.
func (s *systemd) write(ctx context.Context, i installation, target unitFile) error {
	spec, set, socket, service := i.spec, i.set, i.socket, i.service
	// A socket keeps the port that it was opened with, whatever its file says now;
	// and an engine of the other kind would be in the way of the new one.
	alone := set.Socket.Name == ""
	other := service.content != nil && (service.origin.Listen != "") != alone || alone && socket.content != nil
	if moved := socket.content != nil && listens(socket, service) != spec.Port; moved || other || alone && service.content != nil && port(service) != spec.Port {
		if err := s.stop(ctx, spec.Alias); err != nil {
			return err
		}
	}
	if alone && (socket.content != nil || i.mend.content != nil) {
		if err := s.remove(ctx, []string{units.SocketName(spec.Alias)}, socket, i.mend); err != nil {
			return s.refused(spec.Alias, "be enabled", err)
		}
	}
	before := map[string]unitFile{units.Target: target, set.Socket.Name: socket, set.Mend.Name: i.mend, set.Service.Name: service}
	for _, f := range set.Files() {
		old := before[f.Name]
		if bytes.Equal(old.content, f.Content) {
			continue
		}
		if err := s.backups.replacing(ctx, old.path, old.content, old.origin.Edited); err != nil {
			return err
		}
		s.log.DebugContext(ctx, "write file", "path", old.path, "bytes", len(f.Content))
		if err := safefile.Write(old.path, f.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

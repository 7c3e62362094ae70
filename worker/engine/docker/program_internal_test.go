package docker

import (
	"bytes"
	"debug/elf"
	"io"
	"testing"
)

// The program of this machine's architecture runs in every sandbox of the
// other tests; here is what can be said of both.
func TestPauseProgram(t *testing.T) {
	t.Parallel()
	for architecture, want := range map[string]elf.Machine{
		"x86_64": elf.EM_X86_64, "amd64": elf.EM_X86_64, "aarch64": elf.EM_AARCH64, "arm64": elf.EM_AARCH64,
	} {
		program := pauseProgram(architecture)
		f, err := elf.NewFile(bytes.NewReader(program))
		if err != nil {
			t.Fatalf("%s: %v", architecture, err)
		}
		if f.Machine != want || f.Type != elf.ET_EXEC || len(f.Progs) != 1 {
			t.Fatalf("%s: machine %v, type %v, %d segments", architecture, f.Machine, f.Type, len(f.Progs))
		}
		part := f.Progs[0]
		loaded, err := io.ReadAll(part.Open())
		if err != nil || !bytes.Equal(loaded, program) {
			t.Errorf("%s: the segment is not the whole file (%v)", architecture, err)
		}
		if part.Flags != elf.PF_R|elf.PF_X || f.Entry < part.Vaddr || f.Entry >= part.Vaddr+part.Memsz {
			t.Errorf("%s: flags %v, entry %#x in %#x+%d", architecture, part.Flags, f.Entry, part.Vaddr, part.Memsz)
		}
	}
	if pauseProgram("riscv64") != nil {
		t.Error("there is a program for an architecture that nobody wrote one for")
	}
}

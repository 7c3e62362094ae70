package docker

import (
	"bytes"
	"encoding/binary"
)

// The system calls that wait for ever, in machine code.
var (
	// mov eax, 34 (pause); syscall; jmp to the start
	pauseAMD64 = []byte{0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7}
	// mov x0..x3, 0; mov x8, 73 (ppoll); svc 0; b to the start
	pauseARM64 = []byte{
		0x00, 0x00, 0x80, 0xd2, 0x01, 0x00, 0x80, 0xd2, 0x02, 0x00, 0x80, 0xd2, 0x03, 0x00, 0x80, 0xd2,
		0x28, 0x09, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4, 0xfa, 0xff, 0xff, 0x17,
	}
)

const (
	elfBase   = 0x400000
	elfHeader = 64 // bytes
	elfPart   = 56 // bytes of a program header
	machAMD64 = 62
	machARM64 = 183
)

// pauseProgram returns an executable that sleeps until it is killed, nil for
// an architecture for which there is none. It is written here, and not
// compiled, so that a worker needs neither a registry nor a compiler to have
// it. The layout is that of elf(5): a header, one segment, the code.
func pauseProgram(architecture string) []byte {
	var machine uint16
	var code []byte
	switch architecture {
	case "x86_64", "amd64":
		machine, code = machAMD64, pauseAMD64
	case "aarch64", "arm64":
		machine, code = machARM64, pauseARM64
	default:
		return nil
	}
	size := uint64(elfHeader + elfPart + len(code))
	var b bytes.Buffer
	b.Write([]byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}) // 64 bits, little endian
	for _, field := range []any{
		uint16(2), machine, uint32(1), // executable
		uint64(elfBase + elfHeader + elfPart), uint64(elfHeader), uint64(0), // entry, program headers, no sections
		uint32(0), uint16(elfHeader), uint16(elfPart), uint16(1), uint16(0), uint16(0), uint16(0),
		uint32(1), uint32(5), uint64(0), // load, readable and executable, from offset 0
		uint64(elfBase), uint64(elfBase), size, size, uint64(0x10000),
	} {
		_ = binary.Write(&b, binary.LittleEndian, field) // to memory, of fixed size: cannot fail
	}
	b.Write(code)
	return b.Bytes()
}

package docker

import (
	"bytes"
	"encoding/binary"
)

// The system calls that wait for ever, in machine code.
const (
	// mov eax, 34 (pause); syscall; jmp to the start
	pauseAMD64 = "\xb8\x22\x00\x00\x00" + "\x0f\x05" + "\xeb\xf7"
	// mov x0..x3, 0; mov x8, 73 (ppoll); svc 0; b to the start
	pauseARM64 = "\x00\x00\x80\xd2" + "\x01\x00\x80\xd2" + "\x02\x00\x80\xd2" + "\x03\x00\x80\xd2" +
		"\x28\x09\x80\xd2" + "\x01\x00\x00\xd4" + "\xfa\xff\xff\x17"
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
	var code string
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
	b.WriteString(code)
	return b.Bytes()
}

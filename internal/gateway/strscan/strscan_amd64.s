#include "textflag.h"

// simple has, by the lower half of a byte, the upper halves with which it may
// follow a backslash, a bit each; upper has these bits: 1 for 2, 2 for 5, 4 for 6, 8 for 7.
DATA simple<>+0(SB)/8, $0x00040008000d0000
DATA simple<>+8(SB)/8, $0x0104000200000000
GLOBL simple<>(SB), RODATA|NOPTR, $16

DATA upper<>+0(SB)/8, $0x0804020000010000
DATA upper<>+8(SB)/8, $0x0000000000000000
GLOBL upper<>(SB), RODATA|NOPTR, $16

DATA quote<>+0(SB)/8, $0x22
GLOBL quote<>(SB), RODATA|NOPTR, $8

DATA backslash<>+0(SB)/8, $0x5c
GLOBL backslash<>(SB), RODATA|NOPTR, $8

DATA control<>+0(SB)/8, $0x1f
GLOBL control<>(SB), RODATA|NOPTR, $8

DATA half<>+0(SB)/8, $0x0f
GLOBL half<>(SB), RODATA|NOPTR, $8

// func skip(b []byte) int
TEXT ·skip(SB), NOSPLIT, $0-32
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), CX
	XORQ AX, AX // passed over so far
	XORQ R8, R8 // 1: the next byte is escaped
	MOVQ $0xaaaaaaaaaaaaaaaa, DI

	VPBROADCASTB   quote<>(SB), Y1
	VPBROADCASTB   backslash<>(SB), Y2
	VPBROADCASTB   control<>(SB), Y3
	VPBROADCASTB   half<>(SB), Y4
	VBROADCASTI128 simple<>(SB), Y8
	VBROADCASTI128 upper<>(SB), Y9
	VPXOR          Y10, Y10, Y10

loop:
	MOVQ CX, R9
	SUBQ AX, R9
	CMPQ R9, $32
	JLT  tail

	VMOVDQU   (SI)(AX*1), Y0
	VPCMPEQB  Y0, Y1, Y5
	VPMOVMSKB Y5, R10         // quotes
	VPCMPEQB  Y0, Y2, Y6
	VPMOVMSKB Y6, R11         // backslashes
	VPMINUB   Y0, Y3, Y7
	VPCMPEQB  Y7, Y0, Y7
	VPMOVMSKB Y7, R12         // control characters
	MOVQ      R11, R13
	ORQ       R8, R13
	JNZ       escapes

	ORQ  R12, R10
	JNZ  plain
	ADDQ $32, AX
	JMP  loop

plain:
	BSFQ R10, R10
	ADDQ R10, AX
	JMP  done

escapes:
	// R13 is the bytes that escape or are escaped, for it is xored with those that
	// escape, or end a run of backslashes: simdjson's next_escape_and_terminal_code.
	MOVQ R8, DX
	NOTQ DX
	ANDQ R11, DX
	LEAQ (DX)(DX*1), BX
	ORQ  DI, BX
	SUBQ DX, BX
	XORQ DI, BX
	MOVQ BX, R9
	ANDQ R11, R9
	SHRQ $31, R9
	ANDQ $1, R9
	XORQ BX, R13
	MOVL R13, R13             // escaped bytes

	VPAND     Y0, Y4, Y5
	VPSHUFB   Y5, Y8, Y5
	VPSRLW    $4, Y0, Y6
	VPAND     Y6, Y4, Y6
	VPSHUFB   Y6, Y9, Y6
	VPAND     Y5, Y6, Y5
	VPCMPEQB  Y5, Y10, Y5
	VPMOVMSKB Y5, DX
	ANDQ      R13, DX         // escaped bytes that are not simple
	NOTQ      R13
	ANDQ      R13, R10
	ORQ       R12, R10
	ORQ       DX, R10
	JNZ       special
	MOVQ      R9, R8
	ADDQ      $32, AX
	JMP       loop

special:
	BSFQ R10, BX
	ADDQ BX, AX
	BTQ  BX, DX
	JCC  done
	DECQ AX                   // its backslash
	JMP  done

tail:
	SUBQ R8, AX

done:
	VZEROUPPER
	MOVQ AX, ret+24(FP)
	RET

/* SPDX-License-Identifier: MIT */
/*
 * The decoder against tables made with the GNU assembler (lengths) and with a CPU (results), and
 * against its own rules on random bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/common/decode.h"

#define NONE	     0xff
#define STATUS_FLAGS 0x8d5ull
#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], 0 };

		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

/* Decodes from a heap block of exactly n bytes, so that the sanitizer sees any read past it. */
static enum x86_decode_status decode(const uint8_t *b, size_t n, enum x86_mode mode,
				     struct x86_insn *out)
{
	uint8_t *copy = malloc(n ? n : 1);
	enum x86_decode_status s;

	assert_non_null(copy);
	memcpy(copy, b, n);
	s = x86_decode(n ? copy : copy + 1, n, mode, out);
	free(copy);
	return s;
}

static enum x86_decode_status decode_hex(const char *hex, enum x86_mode mode, struct x86_insn *out)
{
	uint8_t b[32];
	size_t n = unhex(hex, b);

	return decode(b, n, mode, out);
}

/* -- lengths ---------------------------------------------------------------------------------- */

/* Assembled by GNU as 2.40 and read back by objdump as one instruction. */
static const struct {
	enum x86_mode mode;
	const char *hex, *text;
} lengths[] = {
	{ X86_MODE_16, "0fa2", "cpuid" },
	{ X86_MODE_16, "0f01c1", "vmcall" },
	{ X86_MODE_16, "0f01d9", "vmmcall" },
	{ X86_MODE_16, "0f32", "rdmsr" },
	{ X86_MODE_16, "0f30", "wrmsr" },
	{ X86_MODE_16, "f4", "hlt" },
	{ X86_MODE_16, "0f01d1", "xsetbv" },
	{ X86_MODE_16, "0f08", "invd" },
	{ X86_MODE_16, "0f09", "wbinvd" },
	{ X86_MODE_16, "0f01c8", "monitor" },
	{ X86_MODE_16, "0f01c9", "mwait" },
	{ X86_MODE_16, "0f31", "rdtsc" },
	{ X86_MODE_16, "0f01f9", "rdtscp" },
	{ X86_MODE_16, "0f33", "rdpmc" },
	{ X86_MODE_16, "0faa", "rsm" },
	{ X86_MODE_16, "f390", "pause" },
	{ X86_MODE_16, "0f06", "clts" },
	{ X86_MODE_16, "0f01d8", "vmrun" },
	{ X86_MODE_16, "0f01da", "vmload" },
	{ X86_MODE_16, "0f01db", "vmsave" },
	{ X86_MODE_16, "0f01dc", "stgi" },
	{ X86_MODE_16, "0f01dd", "clgi" },
	{ X86_MODE_16, "0f01de", "skinit" },
	{ X86_MODE_16, "0f01df", "invlpga" },
	{ X86_MODE_16, "e460", "in al,0x60" },
	{ X86_MODE_16, "66e560", "in eax,0x60" },
	{ X86_MODE_16, "ed", "in ax,dx" },
	{ X86_MODE_16, "66ed", "in eax,dx" },
	{ X86_MODE_16, "e680", "out 0x80,al" },
	{ X86_MODE_16, "66e780", "out 0x80,eax" },
	{ X86_MODE_16, "ef", "out dx,ax" },
	{ X86_MODE_16, "66ef", "out dx,eax" },
	{ X86_MODE_16, "f36c", "rep insb" },
	{ X86_MODE_16, "66f36d", "rep insd" },
	{ X86_MODE_16, "f36f", "rep outsw" },
	{ X86_MODE_16, "6e", "outsb" },
	{ X86_MODE_16, "cc", "int3" },
	{ X86_MODE_16, "cd80", "int 0x80" },
	{ X86_MODE_16, "f1", "int1" },
	{ X86_MODE_16, "cf", "iret" },
	{ X86_MODE_16, "0f0b", "ud2" },
	{ X86_MODE_16, "0f22c0", "mov cr0,eax" },
	{ X86_MODE_16, "0f20c3", "mov ebx,cr0" },
	{ X86_MODE_16, "0f01163412", "lgdt [0x1234]" },
	{ X86_MODE_16, "0f015f04", "lidt [bx+4]" },
	{ X86_MODE_16, "0f01f0", "lmsw ax" },
	{ X86_MODE_16, "0f016602", "smsw word ptr [bp+2]" },
	{ X86_MODE_16, "0f013d", "invlpg [di]" },
	{ X86_MODE_16, "9c", "pushf" },
	{ X86_MODE_16, "669d", "popfd" },
	{ X86_MODE_16, "66cf", "iretd" },
	{ X86_MODE_16, "ce", "into" },
	{ X86_MODE_16, "ea34120800", "jmp 0x8:0x1234" },
	{ X86_MODE_16, "8801", "mov byte ptr [bx+di],al" },
	{ X86_MODE_16, "898a0001", "mov word ptr [bp+si+0x100],cx" },
	{ X86_MODE_16, "668953ff", "mov dword ptr [bp+di-1],edx" },
	{ X86_MODE_16, "a03412", "mov al,byte ptr [0x1234]" },
	{ X86_MODE_16, "8b0e3412", "mov cx,word ptr [0x1234]" },
	{ X86_MODE_16, "67668b445804", "mov eax,dword ptr [eax+ebx*2+4]" },
	{ X86_MODE_16, "26c60405", "mov byte ptr es:[si],5" },
	{ X86_MODE_16, "c7053412", "mov word ptr [di],0x1234" },
	{ X86_MODE_16, "66c7460078563412", "mov dword ptr [bp+0],0x12345678" },
	{ X86_MODE_16, "0107", "add word ptr [bx],ax" },
	{ X86_MODE_16, "f0803701", "lock xor byte ptr [bx],1" },
	{ X86_MODE_16, "3b04", "cmp ax,word ptr [si]" },
	{ X86_MODE_16, "f60780", "test byte ptr [bx],0x80" },
	{ X86_MODE_16, "8717", "xchg word ptr [bx],dx" },
	{ X86_MODE_16, "f3ab", "rep stosw" },
	{ X86_MODE_16, "a4", "movsb" },
	{ X86_MODE_16, "66ad", "lodsd" },
	{ X86_MODE_16, "683412", "push 0x1234" },
	{ X86_MODE_16, "c20200", "ret 2" },
	{ X86_MODE_16, "c8040000", "enter 4,0" },
	{ X86_MODE_16, "ff2f", "jmp dword ptr [bx]" },
	{ X86_MODE_16, "ff5f01", "call dword ptr [bx+1]" },
	{ X86_MODE_32, "0fa2", "cpuid" },
	{ X86_MODE_32, "0f01c1", "vmcall" },
	{ X86_MODE_32, "0f01d9", "vmmcall" },
	{ X86_MODE_32, "0f32", "rdmsr" },
	{ X86_MODE_32, "0f30", "wrmsr" },
	{ X86_MODE_32, "f4", "hlt" },
	{ X86_MODE_32, "0f01d1", "xsetbv" },
	{ X86_MODE_32, "0f08", "invd" },
	{ X86_MODE_32, "0f09", "wbinvd" },
	{ X86_MODE_32, "0f01c8", "monitor" },
	{ X86_MODE_32, "0f01c9", "mwait" },
	{ X86_MODE_32, "0f31", "rdtsc" },
	{ X86_MODE_32, "0f01f9", "rdtscp" },
	{ X86_MODE_32, "0f33", "rdpmc" },
	{ X86_MODE_32, "0faa", "rsm" },
	{ X86_MODE_32, "f390", "pause" },
	{ X86_MODE_32, "0f06", "clts" },
	{ X86_MODE_32, "0f01d8", "vmrun" },
	{ X86_MODE_32, "0f01da", "vmload" },
	{ X86_MODE_32, "0f01db", "vmsave" },
	{ X86_MODE_32, "0f01dc", "stgi" },
	{ X86_MODE_32, "0f01dd", "clgi" },
	{ X86_MODE_32, "0f01de", "skinit" },
	{ X86_MODE_32, "0f01df", "invlpga" },
	{ X86_MODE_32, "e460", "in al,0x60" },
	{ X86_MODE_32, "e560", "in eax,0x60" },
	{ X86_MODE_32, "66ed", "in ax,dx" },
	{ X86_MODE_32, "ed", "in eax,dx" },
	{ X86_MODE_32, "e680", "out 0x80,al" },
	{ X86_MODE_32, "e780", "out 0x80,eax" },
	{ X86_MODE_32, "66ef", "out dx,ax" },
	{ X86_MODE_32, "ef", "out dx,eax" },
	{ X86_MODE_32, "f36c", "rep insb" },
	{ X86_MODE_32, "f36d", "rep insd" },
	{ X86_MODE_32, "66f36f", "rep outsw" },
	{ X86_MODE_32, "6e", "outsb" },
	{ X86_MODE_32, "cc", "int3" },
	{ X86_MODE_32, "cd80", "int 0x80" },
	{ X86_MODE_32, "f1", "int1" },
	{ X86_MODE_32, "cf", "iret" },
	{ X86_MODE_32, "0f0b", "ud2" },
	{ X86_MODE_32, "0f22c0", "mov cr0,eax" },
	{ X86_MODE_32, "0f20da", "mov edx,cr3" },
	{ X86_MODE_32, "0f23f9", "mov dr7,ecx" },
	{ X86_MODE_32, "0f01f0", "lmsw ax" },
	{ X86_MODE_32, "0f0123", "smsw word ptr [ebx]" },
	{ X86_MODE_32, "0f0110", "lgdt [eax]" },
	{ X86_MODE_32, "0f014c2410", "sidt [esp+16]" },
	{ X86_MODE_32, "0f00d0", "lldt ax" },
	{ X86_MODE_32, "0f0008", "str word ptr [eax]" },
	{ X86_MODE_32, "0f01bc9800100000", "invlpg [eax+ebx*4+0x1000]" },
	{ X86_MODE_32, "9c", "pushfd" },
	{ X86_MODE_32, "9d", "popf" },
	{ X86_MODE_32, "ce", "into" },
	{ X86_MODE_32, "ea785634120800", "jmp 0x8:0x12345678" },
	{ X86_MODE_32, "9a001000001000", "call 0x10:0x1000" },
	{ X86_MODE_32, "ff28", "jmp fword ptr [eax]" },
	{ X86_MODE_32, "8808", "mov byte ptr [eax],cl" },
	{ X86_MODE_32, "890d0003e0fe", "mov dword ptr [0xfee00300],ecx" },
	{ X86_MODE_32, "a12000e0fe", "mov eax,ds:0xfee00020" },
	{ X86_MODE_32, "a22000e0fe", "mov ds:0xfee00020,al" },
	{ X86_MODE_32, "668b44f3fc", "mov ax,word ptr [ebx+esi*8-4]" },
	{ X86_MODE_32, "8a27", "mov ah,byte ptr [edi]" },
	{ X86_MODE_32, "67668900", "mov word ptr [bx+si],ax" },
	{ X86_MODE_32, "67894604", "mov dword ptr [bp+4],eax" },
	{ X86_MODE_32, "67887dfe", "mov byte ptr [di-2],bh" },
	{ X86_MODE_32, "2ec70001000000", "mov dword ptr cs:[eax],1" },
	{ X86_MODE_32, "66c7003412", "mov word ptr [eax],0x1234" },
	{ X86_MODE_32, "0fb70424", "movzx eax,word ptr [esp]" },
	{ X86_MODE_32, "660fbe4500", "movsx ax,byte ptr [ebp]" },
	{ X86_MODE_32, "0108", "add dword ptr [eax],ecx" },
	{ X86_MODE_32, "f0800801", "lock or byte ptr [eax],1" },
	{ X86_MODE_32, "813800100000", "cmp dword ptr [eax],0x1000" },
	{ X86_MODE_32, "66f7000080", "test word ptr [eax],0x8000" },
	{ X86_MODE_32, "862b", "xchg byte ptr [ebx],ch" },
	{ X86_MODE_32, "40", "inc eax" },
	{ X86_MODE_32, "fe08", "dec byte ptr [eax]" },
	{ X86_MODE_32, "0fba2807", "bts dword ptr [eax],7" },
	{ X86_MODE_32, "0fb10b", "cmpxchg dword ptr [ebx],ecx" },
	{ X86_MODE_32, "aa", "stosb" },
	{ X86_MODE_32, "f3a5", "rep movsd" },
	{ X86_MODE_32, "6834120000", "push 0x1234" },
	{ X86_MODE_32, "6203", "bound eax,[ebx]" },
	{ X86_MODE_32, "c403", "les eax,[ebx]" },
	{ X86_MODE_32, "c54a08", "lds ecx,[edx+8]" },
	{ X86_MODE_32, "d40a", "aam" },
	{ X86_MODE_32, "27", "daa" },
	{ X86_MODE_32, "60", "pusha" },
	{ X86_MODE_32, "63d8", "arpl ax,bx" },
	{ X86_MODE_64, "0fa2", "cpuid" },
	{ X86_MODE_64, "0f01c1", "vmcall" },
	{ X86_MODE_64, "0f01d9", "vmmcall" },
	{ X86_MODE_64, "0f32", "rdmsr" },
	{ X86_MODE_64, "0f30", "wrmsr" },
	{ X86_MODE_64, "f4", "hlt" },
	{ X86_MODE_64, "0f01d1", "xsetbv" },
	{ X86_MODE_64, "0f08", "invd" },
	{ X86_MODE_64, "0f09", "wbinvd" },
	{ X86_MODE_64, "0f01c8", "monitor" },
	{ X86_MODE_64, "0f01c9", "mwait" },
	{ X86_MODE_64, "0f31", "rdtsc" },
	{ X86_MODE_64, "0f01f9", "rdtscp" },
	{ X86_MODE_64, "0f33", "rdpmc" },
	{ X86_MODE_64, "0faa", "rsm" },
	{ X86_MODE_64, "f390", "pause" },
	{ X86_MODE_64, "0f06", "clts" },
	{ X86_MODE_64, "0f01d8", "vmrun" },
	{ X86_MODE_64, "0f01da", "vmload" },
	{ X86_MODE_64, "0f01db", "vmsave" },
	{ X86_MODE_64, "0f01dc", "stgi" },
	{ X86_MODE_64, "0f01dd", "clgi" },
	{ X86_MODE_64, "0f01de", "skinit" },
	{ X86_MODE_64, "0f01df", "invlpga" },
	{ X86_MODE_64, "e460", "in al,0x60" },
	{ X86_MODE_64, "e560", "in eax,0x60" },
	{ X86_MODE_64, "66ed", "in ax,dx" },
	{ X86_MODE_64, "ed", "in eax,dx" },
	{ X86_MODE_64, "e680", "out 0x80,al" },
	{ X86_MODE_64, "e780", "out 0x80,eax" },
	{ X86_MODE_64, "66ef", "out dx,ax" },
	{ X86_MODE_64, "ef", "out dx,eax" },
	{ X86_MODE_64, "f36c", "rep insb" },
	{ X86_MODE_64, "f36d", "rep insd" },
	{ X86_MODE_64, "66f36f", "rep outsw" },
	{ X86_MODE_64, "6e", "outsb" },
	{ X86_MODE_64, "cc", "int3" },
	{ X86_MODE_64, "cd80", "int 0x80" },
	{ X86_MODE_64, "f1", "int1" },
	{ X86_MODE_64, "cf", "iret" },
	{ X86_MODE_64, "0f01f8", "swapgs" },
	{ X86_MODE_64, "0f0b", "ud2" },
	{ X86_MODE_64, "0f22c0", "mov cr0,rax" },
	{ X86_MODE_64, "0f20db", "mov rbx,cr3" },
	{ X86_MODE_64, "410f22e1", "mov cr4,r9" },
	{ X86_MODE_64, "440f20c0", "mov rax,cr8" },
	{ X86_MODE_64, "450f22c7", "mov cr8,r15" },
	{ X86_MODE_64, "0f23f8", "mov dr7,rax" },
	{ X86_MODE_64, "410f21f0", "mov r8,dr6" },
	{ X86_MODE_64, "0f01f0", "lmsw ax" },
	{ X86_MODE_64, "0f0133", "lmsw word ptr [rbx]" },
	{ X86_MODE_64, "0f01e0", "smsw eax" },
	{ X86_MODE_64, "0f016308", "smsw word ptr [rbx+8]" },
	{ X86_MODE_64, "0f0110", "lgdt [rax]" },
	{ X86_MODE_64, "0f011d00010000", "lidt [rip+0x100]" },
	{ X86_MODE_64, "0f01442410", "sgdt [rsp+16]" },
	{ X86_MODE_64, "410f010c24", "sidt [r12]" },
	{ X86_MODE_64, "0f00d0", "lldt ax" },
	{ X86_MODE_64, "410f005d00", "ltr word ptr [r13+0]" },
	{ X86_MODE_64, "0f00c0", "sldt eax" },
	{ X86_MODE_64, "0f0008", "str word ptr [rax]" },
	{ X86_MODE_64, "0f01bc9800100000", "invlpg [rax+rbx*4+0x1000]" },
	{ X86_MODE_64, "9c", "pushfq" },
	{ X86_MODE_64, "9d", "popfq" },
	{ X86_MODE_64, "48cf", "iretq" },
	{ X86_MODE_64, "cf", "iretd" },
	{ X86_MODE_64, "ff28", "jmp fword ptr [rax]" },
	{ X86_MODE_64, "ff1d04000000", "call fword ptr [rip+4]" },
	{ X86_MODE_64, "ff1c24", "call fword ptr [rsp]" },
	{ X86_MODE_64, "8808", "mov byte ptr [rax],cl" },
	{ X86_MODE_64, "898800030000", "mov dword ptr [rax+0x300],ecx" },
	{ X86_MODE_64, "4f8994c878563412", "mov qword ptr [r8+r9*8+0x12345678],r10" },
	{ X86_MODE_64, "668b03", "mov ax,word ptr [rbx]" },
	{ X86_MODE_64, "448b1dfcffffff", "mov r11d,dword ptr [rip-4]" },
	{ X86_MODE_64, "4c8b1c24", "mov r11,qword ptr [rsp]" },
	{ X86_MODE_64, "8a27", "mov ah,byte ptr [rdi]" },
	{ X86_MODE_64, "408a37", "mov sil,byte ptr [rdi]" },
	{ X86_MODE_64, "8875ff", "mov byte ptr [rbp-1],dh" },
	{ X86_MODE_64, "a08877665544332211", "movabs al,[0x1122334455667788]" },
	{ X86_MODE_64, "48a38877665544332211", "movabs [0x1122334455667788],rax" },
	{ X86_MODE_64, "a10003e0fe00000000", "movabs eax,[0xfee00300]" },
	{ X86_MODE_64, "c60012", "mov byte ptr [rax],0x12" },
	{ X86_MODE_64, "66c7003412", "mov word ptr [rax],0x1234" },
	{ X86_MODE_64, "c7050800000078563412", "mov dword ptr [rip+8],0x12345678" },
	{ X86_MODE_64, "48c700ffffffff", "mov qword ptr [rax],-1" },
	{ X86_MODE_64, "64c704251000000007000000", "mov dword ptr fs:[0x10],7" },
	{ X86_MODE_64, "658b01", "mov eax,dword ptr gs:[rcx]" },
	{ X86_MODE_64, "67891448", "mov dword ptr [eax+ecx*2],edx" },
	{ X86_MODE_64, "0fb603", "movzx eax,byte ptr [rbx]" },
	{ X86_MODE_64, "4c0fb74b04", "movzx r9,word ptr [rbx+4]" },
	{ X86_MODE_64, "0fbe08", "movsx ecx,byte ptr [rax]" },
	{ X86_MODE_64, "480fbf00", "movsx rax,word ptr [rax]" },
	{ X86_MODE_64, "4c6306", "movsxd r8,dword ptr [rsi]" },
	{ X86_MODE_64, "0108", "add dword ptr [rax],ecx" },
	{ X86_MODE_64, "f00108", "lock add dword ptr [rax],ecx" },
	{ X86_MODE_64, "0a03", "or al,byte ptr [rbx]" },
	{ X86_MODE_64, "481113", "adc qword ptr [rbx],rdx" },
	{ X86_MODE_64, "4c1b30", "sbb r14,qword ptr [rax]" },
	{ X86_MODE_64, "83207f", "and dword ptr [rax],0x7f" },
	{ X86_MODE_64, "66f081203412", "lock and word ptr [rax],0x1234" },
	{ X86_MODE_64, "802805", "sub byte ptr [rax],5" },
	{ X86_MODE_64, "813078563412", "xor dword ptr [rax],0x12345678" },
	{ X86_MODE_64, "803c0f00", "cmp byte ptr [rdi+rcx],0" },
	{ X86_MODE_64, "3b03", "cmp eax,dword ptr [rbx]" },
	{ X86_MODE_64, "f70000010000", "test dword ptr [rax],0x100" },
	{ X86_MODE_64, "8408", "test byte ptr [rax],cl" },
	{ X86_MODE_64, "8707", "xchg dword ptr [rdi],eax" },
	{ X86_MODE_64, "f04c8727", "lock xchg qword ptr [rdi],r12" },
	{ X86_MODE_64, "f710", "not dword ptr [rax]" },
	{ X86_MODE_64, "f618", "neg byte ptr [rax]" },
	{ X86_MODE_64, "f048ff00", "lock inc qword ptr [rax]" },
	{ X86_MODE_64, "66ff08", "dec word ptr [rax]" },
	{ X86_MODE_64, "0fba2003", "bt dword ptr [rax],3" },
	{ X86_MODE_64, "0fab08", "bts dword ptr [rax],ecx" },
	{ X86_MODE_64, "f0480fba303f", "lock btr qword ptr [rax],63" },
	{ X86_MODE_64, "660fbb10", "btc word ptr [rax],dx" },
	{ X86_MODE_64, "f00fb10b", "lock cmpxchg dword ptr [rbx],ecx" },
	{ X86_MODE_64, "0fb003", "cmpxchg byte ptr [rbx],al" },
	{ X86_MODE_64, "480fc708", "cmpxchg16b [rax]" },
	{ X86_MODE_64, "0fc108", "xadd dword ptr [rax],ecx" },
	{ X86_MODE_64, "0fc308", "movnti dword ptr [rax],ecx" },
	{ X86_MODE_64, "4c0fc300", "movnti qword ptr [rax],r8" },
	{ X86_MODE_64, "f3ab", "rep stosd" },
	{ X86_MODE_64, "48ad", "lodsq" },
	{ X86_MODE_64, "f3a4", "rep movsb" },
	{ X86_MODE_64, "48a5", "movsq" },
	{ X86_MODE_64, "ae", "scasb" },
	{ X86_MODE_64, "ff30", "push qword ptr [rax]" },
	{ X86_MODE_64, "8f00", "pop qword ptr [rax]" },
	{ X86_MODE_64, "ff20", "jmp qword ptr [rax]" },
	{ X86_MODE_64, "0f1000", "movups xmm0,[rax]" },
	{ X86_MODE_64, "660f7f18", "movdqa [rax],xmm3" },
	{ X86_MODE_64, "660f380000", "pshufb xmm0,[rax]" },
	{ X86_MODE_64, "660f3a0f0804", "palignr xmm1,[rax],4" },
	{ X86_MODE_64, "480fae20", "xsave64 [rax]" },
	{ X86_MODE_64, "0fae07", "fxsave [rdi]" },
	{ X86_MODE_64, "0fae38", "clflush [rax]" },
	{ X86_MODE_64, "49b98877665544332211", "movabs r9,0x1122334455667788" },
	{ X86_MODE_64, "c8100001", "enter 16,1" },
	{ X86_MODE_64, "c20800", "ret 8" },
	{ X86_MODE_64, "6b0064", "imul eax,dword ptr [rax],100" },
	{ X86_MODE_64, "c12003", "shl dword ptr [rax],3" },
	{ X86_MODE_64, "f30fb800", "popcnt eax,dword ptr [rax]" },
};

static void test_lengths(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(lengths); k++) {
		uint8_t b[32];
		size_t n = unhex(lengths[k].hex, b);
		struct x86_insn i;

		memset(b + n, 0x90, sizeof(b) - n);
		if (decode(b, 15, lengths[k].mode, &i) != X86_DECODE_OK || i.len != n)
			fail_msg("%s (%s): length %u", lengths[k].text, lengths[k].hex, i.len);
		for (size_t cut = 0; cut < n; cut++)
			if (decode(b, cut, lengths[k].mode, &i) != X86_DECODE_SHORT)
				fail_msg("%s cut at %zu is not short", lengths[k].text, cut);
		assert_int_equal(decode(b, n, lengths[k].mode, &i), X86_DECODE_OK);
	}
}

/* The check above must be able to fail: the same bytes in a wrong mode have other lengths. */
static void test_lengths_wrong_mode(void **state)
{
	size_t differ = 0;

	(void)state;
	for (size_t k = 0; k < COUNT(lengths); k++) {
		uint8_t b[32];
		size_t n = unhex(lengths[k].hex, b);
		struct x86_insn i;

		memset(b + n, 0x90, sizeof(b) - n);
		if (lengths[k].mode == X86_MODE_16 &&
		    (decode(b, 15, X86_MODE_64, &i) != X86_DECODE_OK || i.len != n))
			differ++;
	}
	assert_in_range(differ, 10, COUNT(lengths));
}

/* -- operands --------------------------------------------------------------------------------- */

static const struct operand_row {
	const char *hex;
	enum x86_mode mode;
	uint8_t op, opsize, regsize, addr_size, reg;
	bool high, dest, imm, rip;
	uint8_t seg, base, index, scale;
	int64_t disp, imm_value;
} operands[] = {
	/* mov [rax],cl */
	{ "8808", X86_MODE_64, X86_OP_MOV, 1, 1, 8, 1, 0, 1, 0, 0, 0, 0, NONE, 0, 0, 0 },
	/* mov [r8+r9*8+0x12345678],r10 */
	{ "4f8994c878563412", X86_MODE_64, X86_OP_MOV, 8, 8, 8, 10, 0, 1, 0, 0, 0, 8, 9, 3,
	  0x12345678, 0 },
	/* mov r11d,[rip-4] */
	{ "448b1dfcffffff", X86_MODE_64, X86_OP_MOV, 4, 4, 8, 11, 0, 0, 0, 1, 0, NONE, NONE, 0, -4,
	  0 },
	/* mov ah,[rdi]; with REX the same number is SPL */
	{ "8a27", X86_MODE_64, X86_OP_MOV, 1, 1, 8, 0, 1, 0, 0, 0, 0, 7, NONE, 0, 0, 0 },
	{ "408a27", X86_MODE_64, X86_OP_MOV, 1, 1, 8, 4, 0, 0, 0, 0, 0, 7, NONE, 0, 0, 0 },
	/* mov ax,fs:[r12], [r13+0] */
	{ "6466418b0424", X86_MODE_64, X86_OP_MOV, 2, 2, 8, 0, 0, 0, 0, 0, 0x64, 12, NONE, 0, 0,
	  0 },
	{ "66418b4500", X86_MODE_64, X86_OP_MOV, 2, 2, 8, 0, 0, 0, 0, 0, 0, 13, NONE, 0, 0, 0 },
	/* mov eax,[abs32]: SIB without base and index; r12 is an index */
	{ "8b04252000e0fe", X86_MODE_64, X86_OP_MOV, 4, 4, 8, 0, 0, 0, 0, 0, 0, NONE, NONE, 0,
	  -0x11fffe0, 0 },
	{ "428b0460", X86_MODE_64, X86_OP_MOV, 4, 4, 8, 0, 0, 0, 0, 0, 0, 0, 12, 1, 0, 0 },
	/* movabs, both directions, and with a 32-bit address */
	{ "48a18877665544332211", X86_MODE_64, X86_OP_MOV, 8, 8, 8, 0, 0, 0, 0, 0, 0, NONE, NONE, 0,
	  0x1122334455667788, 0 },
	{ "a28877665544332211", X86_MODE_64, X86_OP_MOV, 1, 1, 8, 0, 0, 1, 0, 0, 0, NONE, NONE, 0,
	  0x1122334455667788, 0 },
	{ "67a144332211", X86_MODE_64, X86_OP_MOV, 4, 4, 4, 0, 0, 0, 0, 0, 0, NONE, NONE, 0,
	  0x11223344, 0 },
	/* mov qword [rax],-1; mov byte [rax],0x80 */
	{ "48c700ffffffff", X86_MODE_64, X86_OP_MOV, 8, 8, 8, 0, 0, 1, 1, 0, 0, 0, NONE, 0, 0, -1 },
	{ "c60080", X86_MODE_64, X86_OP_MOV, 1, 1, 8, 0, 0, 1, 1, 0, 0, 0, NONE, 0, 0, -128 },
	/* and dword [rax],-8; cmp word [rax],0x1234; test byte [rax],1 */
	{ "8320f8", X86_MODE_64, X86_OP_AND, 4, 4, 8, 4, 0, 1, 1, 0, 0, 0, NONE, 0, 0, -8 },
	{ "6681383412", X86_MODE_64, X86_OP_CMP, 2, 2, 8, 7, 0, 1, 1, 0, 0, 0, NONE, 0, 0, 0x1234 },
	{ "f60001", X86_MODE_64, X86_OP_TEST, 1, 1, 8, 0, 0, 1, 1, 0, 0, 0, NONE, 0, 0, 1 },
	/* movzx r9,word; movsx ecx,byte; movsxd r8,dword */
	{ "4c0fb74b04", X86_MODE_64, X86_OP_MOVZX, 2, 8, 8, 9, 0, 0, 0, 0, 0, 3, NONE, 0, 4, 0 },
	{ "0fbe08", X86_MODE_64, X86_OP_MOVSX, 1, 4, 8, 1, 0, 0, 0, 0, 0, 0, NONE, 0, 0, 0 },
	{ "4c6306", X86_MODE_64, X86_OP_MOVSX, 4, 8, 8, 8, 0, 0, 0, 0, 0, 6, NONE, 0, 0, 0 },
	/* 32-bit: absolute, and 16-bit addressing by prefix */
	{ "a12000e0fe", X86_MODE_32, X86_OP_MOV, 4, 4, 4, 0, 0, 0, 0, 0, 0, NONE, NONE, 0,
	  -0x11fffe0, 0 },
	{ "8b0d0003e0fe", X86_MODE_32, X86_OP_MOV, 4, 4, 4, 1, 0, 0, 0, 0, 0, NONE, NONE, 0,
	  -0x11ffd00, 0 },
	{ "66678900", X86_MODE_32, X86_OP_MOV, 2, 2, 2, 0, 0, 1, 0, 0, 0, 3, 6, 0, 0, 0 },
	{ "2e8710", X86_MODE_32, X86_OP_XCHG, 4, 4, 4, 2, 0, 1, 0, 0, 0x2e, 0, NONE, 0, 0, 0 },
	/* 16-bit: every row of the ModRM table, and 32-bit addressing by prefix */
	{ "0101", X86_MODE_16, X86_OP_ADD, 2, 2, 2, 0, 0, 1, 0, 0, 0, 3, 7, 0, 0, 0 },
	{ "0b4aff", X86_MODE_16, X86_OP_OR, 2, 2, 2, 1, 0, 0, 0, 0, 0, 5, 6, 0, -1, 0 },
	{ "13930001", X86_MODE_16, X86_OP_ADC, 2, 2, 2, 2, 0, 0, 0, 0, 0, 5, 7, 0, 0x100, 0 },
	{ "1a24", X86_MODE_16, X86_OP_SBB, 1, 1, 2, 0, 1, 0, 0, 0, 0, 6, NONE, 0, 0, 0 },
	{ "2b05", X86_MODE_16, X86_OP_SUB, 2, 2, 2, 0, 0, 0, 0, 0, 0, 7, NONE, 0, 0, 0 },
	{ "33063412", X86_MODE_16, X86_OP_XOR, 2, 2, 2, 0, 0, 0, 0, 0, 0, NONE, NONE, 0, 0x1234,
	  0 },
	{ "3b4600", X86_MODE_16, X86_OP_CMP, 2, 2, 2, 0, 0, 0, 0, 0, 0, 5, NONE, 0, 0, 0 },
	{ "668507", X86_MODE_16, X86_OP_TEST, 4, 4, 2, 0, 0, 1, 0, 0, 0, 3, NONE, 0, 0, 0 },
	{ "6766890458", X86_MODE_16, X86_OP_MOV, 4, 4, 4, 0, 0, 1, 0, 0, 0, 0, 3, 1, 0, 0 },
};

static bool operand_matches(const struct operand_row *r, const struct x86_insn *i)
{
	return i->mem && i->op == r->op && i->opsize == r->opsize && i->regsize == r->regsize &&
	       i->addr_size == r->addr_size && (r->imm || i->reg == r->reg) &&
	       i->reg_high == r->high && i->mem_is_dest == r->dest && i->imm == r->imm &&
	       i->rip_relative == r->rip && i->seg == r->seg && i->base == r->base &&
	       i->index == r->index && i->scale == r->scale && i->disp == r->disp &&
	       i->imm_value == r->imm_value;
}

static void test_operands(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(operands); k++) {
		struct operand_row planted = operands[k];
		struct x86_insn i;

		if (decode_hex(planted.hex, planted.mode, &i) != X86_DECODE_OK ||
		    !operand_matches(&planted, &i))
			fail_msg("%s: op %u size %u reg %u base %u index %u disp %lld", planted.hex,
				 i.op, i.opsize, i.reg, i.base, i.index, (long long)i.disp);
		planted.disp ^= 1;
		assert_false(operand_matches(&planted, &i));
		planted.disp ^= 1;
		planted.dest = !planted.dest;
		assert_false(operand_matches(&planted, &i));
	}
}

static void test_register_forms_and_others(void **state)
{
	static const char *const none[] = {
		"0fa2", "0f01d9", "f4", "0f22c0", "ff20", "8f00", "d120"
	};
	struct x86_insn i;

	(void)state;
	assert_int_equal(decode_hex("89c8", X86_MODE_64, &i), X86_DECODE_OK);
	assert_false(i.mem);
	assert_false(x86_insn_needs_read(&i));
	for (size_t k = 0; k < COUNT(none); k++) {
		assert_int_equal(decode_hex(none[k], X86_MODE_64, &i), X86_DECODE_OK);
		assert_int_equal(i.op, X86_OP_NONE);
		assert_false(x86_insn_needs_read(&i));
	}
}

static void test_prefix_flags(void **state)
{
	struct x86_insn i;

	(void)state;
	assert_int_equal(decode_hex("f00108", X86_MODE_64, &i), X86_DECODE_OK);
	assert_true(i.lock && !i.rep && !i.repne);
	assert_int_equal(decode_hex("f3ab", X86_MODE_64, &i), X86_DECODE_OK);
	assert_true(i.rep && !i.lock && !i.repne);
	assert_int_equal(decode_hex("f2ae", X86_MODE_64, &i), X86_DECODE_OK);
	assert_true(i.repne && !i.rep);
}

/* -- refusals --------------------------------------------------------------------------------- */

static void test_refused(void **state)
{
	static const struct {
		const char *hex;
		enum x86_mode mode;
		enum x86_decode_status want;
	} rows[] = {
		{ "f08908", X86_MODE_64, X86_DECODE_UD },   /* lock mov */
		{ "f001c8", X86_MODE_64, X86_DECODE_UD },   /* lock add to a register */
		{ "f00308", X86_MODE_64, X86_DECODE_UD },   /* lock add from memory */
		{ "f03908", X86_MODE_64, X86_DECODE_UD },   /* lock cmp */
		{ "f08508", X86_MODE_32, X86_DECODE_UD },   /* lock test */
		{ "f0833801", X86_MODE_16, X86_DECODE_UD }, /* lock cmp, group 1 */
		{ "f00fb600", X86_MODE_64, X86_DECODE_UD }, /* lock movzx */
		{ "06", X86_MODE_64, X86_DECODE_UNKNOWN },  /* push es */
		{ "60", X86_MODE_64, X86_DECODE_UNKNOWN },  /* pusha */
		{ "820001", X86_MODE_64, X86_DECODE_UNKNOWN },
		{ "ce", X86_MODE_64, X86_DECODE_UNKNOWN },
		{ "9a0000000000000000", X86_MODE_64, X86_DECODE_UNKNOWN },
		{ "c5f877", X86_MODE_64, X86_DECODE_UNKNOWN }, /* vzeroupper */
		{ "62f17c48", X86_MODE_64, X86_DECODE_UNKNOWN },
		{ "0f04", X86_MODE_32, X86_DECODE_UNKNOWN },
		{ "0fa6", X86_MODE_32, X86_DECODE_UNKNOWN },
		{ "", X86_MODE_64, X86_DECODE_SHORT },
		{ "0f", X86_MODE_64, X86_DECODE_SHORT },
		{ "48", X86_MODE_64, X86_DECODE_SHORT },
		{ "6666666666666666666666666666", X86_MODE_32, X86_DECODE_SHORT },
		{ "666666666666666666666666666666", X86_MODE_32, X86_DECODE_TOO_LONG },
		{ "66666666666666666666666666666690", X86_MODE_32, X86_DECODE_TOO_LONG },
		/* 14 and 15 bytes stand, 16 do not: add dword [rax],imm32 behind prefixes */
		{ "2e2e2e2e2e2e2e2e810001020304", X86_MODE_64, X86_DECODE_OK },
		{ "2e2e2e2e2e2e2e2e2e810001020304", X86_MODE_64, X86_DECODE_OK },
		{ "2e2e2e2e2e2e2e2e2e2e810001020304", X86_MODE_64, X86_DECODE_TOO_LONG },
	};

	(void)state;
	for (size_t k = 0; k < COUNT(rows); k++) {
		struct x86_insn i;
		enum x86_decode_status s = decode_hex(rows[k].hex, rows[k].mode, &i);

		if (s != rows[k].want)
			fail_msg("%s: status %d", rows[k].hex, (int)s);
		if (s == X86_DECODE_OK)
			assert_int_equal(i.len, strlen(rows[k].hex) / 2);
	}
}

/* What only the full rules get right. */
static void test_length_corners(void **state)
{
	static const struct {
		const char *hex;
		enum x86_mode mode;
		enum x86_decode_status want;
		uint8_t len;
	} rows[] = {
		/* mov to and from control and debug registers: mod is not looked at */
		{ "0f2204909090909090", X86_MODE_64, X86_DECODE_OK, 3 },
		{ "0f2085909090909090", X86_MODE_32, X86_DECODE_OK, 3 },
		{ "0f2306909090909090", X86_MODE_16, X86_DECODE_OK, 3 },
		{ "440f2044909090", X86_MODE_64, X86_DECODE_OK, 4 },
		/* REX anywhere but before the opcode is nothing: mov eax,imm32, mov ax,imm16 */
		{ "482eb801020304909090909090", X86_MODE_64, X86_DECODE_OK, 7 },
		{ "4866b80102909090909090909090", X86_MODE_64, X86_DECODE_OK, 5 },
		{ "4840b801020304909090909090", X86_MODE_64, X86_DECODE_OK, 7 },
		{ "4048b80102030405060708", X86_MODE_64, X86_DECODE_OK, 11 },
		/* les and lds with mod 3 are VEX, bound with mod 3 is EVEX */
		{ "c5f877", X86_MODE_32, X86_DECODE_UNKNOWN, 0 },
		{ "c4e27918c0", X86_MODE_16, X86_DECODE_UNKNOWN, 0 },
		{ "62f17c4810c0", X86_MODE_32, X86_DECODE_UNKNOWN, 0 },
		{ "c507", X86_MODE_32, X86_DECODE_OK, 2 },
		{ "c5", X86_MODE_32, X86_DECODE_SHORT, 0 },
		/* lock where it may and may not be */
		{ "f00fab08", X86_MODE_64, X86_DECODE_OK, 4 },
		{ "f00fb108", X86_MODE_32, X86_DECODE_OK, 4 },
		{ "f0f718", X86_MODE_32, X86_DECODE_OK, 3 },
		{ "f0fec0", X86_MODE_32, X86_DECODE_UD, 0 },
		{ "f00fa308", X86_MODE_64, X86_DECODE_UD, 0 },
		{ "f00fc308", X86_MODE_64, X86_DECODE_UD, 0 },
	};
	struct x86_insn i;

	(void)state;
	for (size_t k = 0; k < COUNT(rows); k++) {
		enum x86_decode_status s = decode_hex(rows[k].hex, rows[k].mode, &i);

		if (s != rows[k].want || (s == X86_DECODE_OK && i.len != rows[k].len))
			fail_msg("%s: status %d length %u", rows[k].hex, (int)s, i.len);
	}
	assert_int_equal(decode_hex("f2f3ab", X86_MODE_64, &i), X86_DECODE_OK);
	assert_true(i.rep && !i.repne);
}

/* -- execution -------------------------------------------------------------------------------- */

/* The operand is [rsi]; values in and out: memory, RAX, RCX, RDX, status flags. From a CPU. */
static const struct exec_row {
	const char *hex;
	uint64_t in[5], out[5];
} runs[] = {
	{ "480006",
	  { 0xd7d62a213ef3dec0, 0x7d, 0x76087d52439ac12f, 0x9bc7c25be7525f6d, 0x0 },
	  { 0xd7d62a213ef3de3d, 0x7d, 0x76087d52439ac12f, 0x9bc7c25be7525f6d, 0x1 } },
	{ "660026",
	  { 0x100000000000000, 0x0, 0xbbb51668707b0299, 0xc9e554473bb072dc, 0x11 },
	  { 0x100000000000000, 0x0, 0xbbb51668707b0299, 0xc9e554473bb072dc, 0x44 } },
	{ "f00106",
	  { 0xc3770fdbc53ff070, 0xfdece91de4679390, 0xf67aa3494557b8b7, 0xfabf46bfc129da06, 0x810 },
	  { 0xc3770fdba9a78400, 0xfdece91de4679390, 0xf67aa3494557b8b7, 0xfabf46bfc129da06,
	    0x85 } },
	{ "480206",
	  { 0xffffffffffffffff, 0xfa129e88e8be6001, 0xa1a0317663f53c81, 0x67244b29789dd6b8, 0x0 },
	  { 0xffffffffffffffff, 0xfa129e88e8be6000, 0xa1a0317663f53c81, 0x67244b29789dd6b8,
	    0x55 } },
	{ "0236",
	  { 0x3ffffffffffffff, 0xffffffffffffffff, 0x8c3f3fcd97d29d51, 0x6b4a57cd33a64c2b, 0x0 },
	  { 0x3ffffffffffffff, 0xffffffffffffffff, 0x8c3f3fcd97d29d51, 0x6b4a57cd33a64b2b, 0x15 } },
	{ "0806",
	  { 0xdd, 0x5962afcba5e34c8e, 0xd500ab15f0c46997, 0x63ac1f3dae056484, 0x845 },
	  { 0xdf, 0x5962afcba5e34c8e, 0xd500ab15f0c46997, 0x63ac1f3dae056484, 0x80 } },
	{ "f00816",
	  { 0x659c4107864962ea, 0x7d3da62d221e0aaf, 0x400000000000000, 0xb54b1cd336019100, 0x0 },
	  { 0x659c4107864962ea, 0x7d3da62d221e0aaf, 0x400000000000000, 0xb54b1cd336019100, 0x80 } },
	{ "660906",
	  { 0xdcd4f061f0c07743, 0xbd97644d830e476d, 0x82b4cf6c523220a3, 0xf42f73b45a4e0c22, 0x890 },
	  { 0xdcd4f061f0c0776f, 0xbd97644d830e476d, 0x82b4cf6c523220a3, 0xf42f73b45a4e0c22, 0x4 } },
	{ "0a06",
	  { 0xc263075b6f65f1cf, 0x5708079fed26a9ec, 0xbf, 0xc65f26cbd1c73a40, 0x14 },
	  { 0xc263075b6f65f1cf, 0x5708079fed26a9ef, 0xbf, 0xc65f26cbd1c73a40, 0x80 } },
	{ "0a2e",
	  { 0x59b496a6ecf0f97b, 0xddab8fdeceaa2649, 0x45, 0xffffffffffffffff, 0xd0 },
	  { 0x59b496a6ecf0f97b, 0xddab8fdeceaa2649, 0x7b45, 0xffffffffffffffff, 0x4 } },
	{ "660b16",
	  { 0xa370e3d4417386d3, 0x1e, 0x9ecc7bcb4a4fdff4, 0xe0d91103ce443d4b, 0xd1 },
	  { 0xa370e3d4417386d3, 0x1e, 0x9ecc7bcb4a4fdff4, 0xe0d91103ce44bfdb, 0x84 } },
	{ "661016",
	  { 0x9c5ebdcd8b1578ca, 0xce1c363e3b3220bb, 0xc53fd90cdbaf0a3a, 0xc399efc6fdc19aae, 0x8d5 },
	  { 0x9c5ebdcd8b157879, 0xce1c363e3b3220bb, 0xc53fd90cdbaf0a3a, 0xc399efc6fdc19aae,
	    0x811 } },
	{ "f01036",
	  { 0xf47befdaa333d09e, 0xfd04fbef01ec50bf, 0xb177b43da15047de, 0x8750ede6275ad0d1, 0x10 },
	  { 0xf47befdaa333d06e, 0xfd04fbef01ec50bf, 0xb177b43da15047de, 0x8750ede6275ad0d1,
	    0x801 } },
	{ "481116",
	  { 0xea0883c30b2bc674, 0xfd427d6626f28cf8, 0x7a1d6bcda84157e1, 0xf83a040813a40d0e, 0x94 },
	  { 0xe24287cb1ecfd382, 0xfd427d6626f28cf8, 0x7a1d6bcda84157e1, 0xf83a040813a40d0e,
	    0x95 } },
	{ "1226",
	  { 0x9fb212d1e01695e0, 0x800, 0xa2f91e651a0e218a, 0x200, 0x0 },
	  { 0x9fb212d1e01695e0, 0xe800, 0xa2f91e651a0e218a, 0x200, 0x84 } },
	{ "48130e",
	  { 0xe680a8c013dfde90, 0xc5a2a4551587c52d, 0x7fffffffff, 0xb567dd007480d464, 0x8c4 },
	  { 0xe680a8c013dfde90, 0xc5a2a4551587c52d, 0xe680a94013dfde8f, 0xb567dd007480d464,
	    0x80 } },
	{ "f0180e",
	  { 0xfae9e32b3523d15c, 0xfe093fa8d26a41fe, 0x63137f6c049b2afd, 0x0, 0xc5 },
	  { 0xfae9e32b3523d15e, 0xfe093fa8d26a41fe, 0x63137f6c049b2afd, 0x0, 0x11 } },
	{ "1836",
	  { 0x20000, 0x8b21a8f20081fc2a, 0x912461c691deb552, 0x0, 0x81 },
	  { 0x200ff, 0x8b21a8f20081fc2a, 0x912461c691deb552, 0x0, 0x95 } },
	{ "1916",
	  { 0xb44103ca58089c1b, 0xe5a582630adaebe3, 0xfffffffffffff, 0xe2d8ee1081e93879, 0x41 },
	  { 0xb44103cad61f63a1, 0xe5a582630adaebe3, 0xfffffffffffff, 0xe2d8ee1081e93879, 0x881 } },
	{ "661a16",
	  { 0x800000, 0x8c16cb53de494397, 0xc621ce546a77d4d0, 0xd52dde04bb3e0f79, 0x5 },
	  { 0x800000, 0x8c16cb53de494397, 0xc621ce546a77d4d0, 0xd52dde04bb3e0f78, 0x4 } },
	{ "1b0e",
	  { 0xffffffffffffffff, 0xa3bf1c2c68c6bc9a, 0x8897484078ed5763, 0x92faaa9903bf350d, 0x805 },
	  { 0xffffffffffffffff, 0xa3bf1c2c68c6bc9a, 0x78ed5763, 0x92faaa9903bf350d, 0x15 } },
	{ "66200e",
	  { 0xbe, 0x9ea8128ac32ab833, 0xed342e7348028183, 0x0, 0x8d5 },
	  { 0x82, 0x9ea8128ac32ab833, 0xed342e7348028183, 0x0, 0x84 } },
	{ "66202e",
	  { 0x3f, 0xffffffffff, 0x100000, 0x98ef8f4d1db78829, 0x0 },
	  { 0x0, 0xffffffffff, 0x100000, 0x98ef8f4d1db78829, 0x44 } },
	{ "48210e",
	  { 0x1fffff, 0x200000000, 0xa8333ffab17a3409, 0x200000000, 0x85 },
	  { 0x1a3409, 0x200000000, 0xa8333ffab17a3409, 0x200000000, 0x4 } },
	{ "48220e",
	  { 0xccf4ae425fb1711e, 0x6170ae9c3189947c, 0xa9b2dcfc69a81854, 0xe51cfb8542bfdd64, 0x8d4 },
	  { 0xccf4ae425fb1711e, 0x6170ae9c3189947c, 0xa9b2dcfc69a81814, 0xe51cfb8542bfdd64, 0x4 } },
	{ "662306",
	  { 0x0, 0xc98dda14b5a51e4b, 0xd6587eb81b2ea6b7, 0xffffffffffffffff, 0x8d4 },
	  { 0x0, 0xc98dda14b5a50000, 0xd6587eb81b2ea6b7, 0xffffffffffffffff, 0x44 } },
	{ "f02806",
	  { 0xa3927eefcf29dd6d, 0xdd9edade0a437597, 0x1000000000000000, 0xcf5de492ea62d951, 0x8d5 },
	  { 0xa3927eefcf29ddd6, 0xdd9edade0a437597, 0x1000000000000000, 0xcf5de492ea62d951,
	    0x881 } },
	{ "f02826",
	  { 0xbf453a06c19c39eb, 0xcbd7b1a91a9c1b58, 0x92278e568618f56e, 0x6b7be3200d8c5f04, 0x90 },
	  { 0xbf453a06c19c39d0, 0xcbd7b1a91a9c1b58, 0x92278e568618f56e, 0x6b7be3200d8c5f04,
	    0x80 } },
	{ "290e",
	  { 0x1fffffffffffff, 0xffffffffffffffff, 0xa96a6580e9b43840, 0x7c9fc88582014030, 0x90 },
	  { 0x1fffff164bc7bf, 0xffffffffffffffff, 0xa96a6580e9b43840, 0x7c9fc88582014030, 0x0 } },
	{ "2a0e",
	  { 0x96, 0x7c1e3ba15b8bda3d, 0x1ff, 0xda725c3bb4ac4f4c, 0x8d5 },
	  { 0x96, 0x7c1e3ba15b8bda3d, 0x169, 0xda725c3bb4ac4f4c, 0x4 } },
	{ "662a36",
	  { 0xc27285d76b646ecc, 0x6338da8bbb529511, 0x85ed2afc82d5547b, 0x9f5517c6642c8013, 0x8d5 },
	  { 0xc27285d76b646ecc, 0x6338da8bbb529511, 0x85ed2afc82d5547b, 0x9f5517c6642cb413,
	    0x95 } },
	{ "663006",
	  { 0x21, 0xb301de99d29e7551, 0x0, 0x40, 0x8c4 },
	  { 0x70, 0xb301de99d29e7551, 0x0, 0x40, 0x0 } },
	{ "3026",
	  { 0x0, 0x3ffffffff, 0x715705082e355167, 0x5, 0x41 },
	  { 0xff, 0x3ffffffff, 0x715705082e355167, 0x5, 0x84 } },
	{ "483106",
	  { 0xf767e0fa3705ea1e, 0xa5c329f3f3c6a64a, 0x9b34cfa7c24df986, 0x6dc6f48e266dc3f5, 0x10 },
	  { 0x52a4c909c4c34c54, 0xa5c329f3f3c6a64a, 0x9b34cfa7c24df986, 0x6dc6f48e266dc3f5, 0x0 } },
	{ "663206",
	  { 0x6d923ed14210044b, 0x8, 0xc3f867118d11a2ee, 0x0, 0x15 },
	  { 0x6d923ed14210044b, 0x43, 0xc3f867118d11a2ee, 0x0, 0x0 } },
	{ "66322e",
	  { 0x5706103b3c0d84b6, 0x7e8086511dfc723f, 0x0, 0x5dbc7400e79b9611, 0x55 },
	  { 0x5706103b3c0d84b6, 0x7e8086511dfc723f, 0xb600, 0x5dbc7400e79b9611, 0x80 } },
	{ "483316",
	  { 0xc7dca9e4bdb01c30, 0xae19c8bafb5a7008, 0x83dca69d9be1c6e8, 0x0, 0x51 },
	  { 0xc7dca9e4bdb01c30, 0xae19c8bafb5a7008, 0x83dca69d9be1c6e8, 0xc7dca9e4bdb01c30,
	    0x84 } },
	{ "663826",
	  { 0xa297ef472ec900d7, 0xb6d79117bce24716, 0x5cf14b97efd88618, 0xffffffffffffffff, 0x854 },
	  { 0xa297ef472ec900d7, 0xb6d79117bce24716, 0x5cf14b97efd88618, 0xffffffffffffffff,
	    0x84 } },
	{ "3916",
	  { 0xd806e791f9e30dd8, 0x66c4b7cdb8eebdc3, 0x0, 0x98, 0x85 },
	  { 0xd806e791f9e30dd8, 0x66c4b7cdb8eebdc3, 0x0, 0x98, 0x80 } },
	{ "483a16",
	  { 0x7379863fb5158e30, 0x5bc171c86c82292c, 0x6c52bf495508e67e, 0xfe4bd06ac930a832, 0xc0 },
	  { 0x7379863fb5158e30, 0x5bc171c86c82292c, 0x6c52bf495508e67e, 0xfe4bd06ac930a832, 0x0 } },
	{ "663b0e",
	  { 0x7656403226fb7fdb, 0xf6e583c0ac5a1fe4, 0xffffffffffffffff, 0xe980e4164aa79bbe, 0x801 },
	  { 0x7656403226fb7fdb, 0xf6e583c0ac5a1fe4, 0xffffffffffffffff, 0xe980e4164aa79bbe,
	    0x84 } },
	{ "6316",
	  { 0xc6d129a77b01ea09, 0xf8b79cd25ff64b9d, 0xffffffffffffffff, 0x400, 0x0 },
	  { 0xc6d129a77b01ea09, 0xf8b79cd25ff64b9d, 0xffffffffffffffff, 0x7b01ea09, 0x0 } },
	{ "801690",
	  { 0xe718fe77b5b272af, 0xb08754f0c3045d8a, 0xa6bfae41874677b1, 0xb0f947d2751f371e, 0x8d0 },
	  { 0xe718fe77b5b2723f, 0xb08754f0c3045d8a, 0xa6bfae41874677b1, 0xb0f947d2751f371e,
	    0x805 } },
	{ "f08026c7",
	  { 0x6e2719dbfecabd36, 0xfff, 0x90889a418a771b87, 0xd675c5f29f35f470, 0x90 },
	  { 0x6e2719dbfecabd06, 0xfff, 0x90889a418a771b87, 0xd675c5f29f35f470, 0x4 } },
	{ "48803e00",
	  { 0xf8998aab950ec2a6, 0x0, 0x8a0316aed38a730e, 0x10000000000, 0x880 },
	  { 0xf8998aab950ec2a6, 0x0, 0x8a0316aed38a730e, 0x10000000000, 0x84 } },
	{ "48811699000000",
	  { 0x93e869607a954a6a, 0x7e, 0xb5aa1e6ad3b3e28a, 0xe2a2a7ee592367cf, 0x8d5 },
	  { 0x93e869607a954b04, 0x7e, 0xb5aa1e6ad3b3e28a, 0xe2a2a7ee592367cf, 0x90 } },
	{ "66812ea9e8",
	  { 0x786c920d3d51a138, 0x3ffffffffffffff, 0xf8578f655f773262, 0xac2d0e50a7450486, 0x805 },
	  { 0x786c920d3d51b88f, 0x3ffffffffffffff, 0xf8578f655f773262, 0xac2d0e50a7450486, 0x91 } },
	{ "6683065f",
	  { 0x6bd63b508eac39c7, 0x0, 0x0, 0x1ffffffffffff, 0x50 },
	  { 0x6bd63b508eac3a26, 0x0, 0x0, 0x1ffffffffffff, 0x10 } },
	{ "831eff",
	  { 0xddb20d0f4131b129, 0xffffffffffffffff, 0xffffffffffffffff, 0x8f8a48ef4e35b17c, 0x14 },
	  { 0xddb20d0f4131b12a, 0xffffffffffffffff, 0xffffffffffffffff, 0x8f8a48ef4e35b17c,
	    0x11 } },
	{ "f0832e00",
	  { 0x4000000000000000, 0xbe32d57f6b929cfb, 0xe1ae4686ec79e702, 0xe553e04eeba0944c, 0x44 },
	  { 0x4000000000000000, 0xbe32d57f6b929cfb, 0xe1ae4686ec79e702, 0xe553e04eeba0944c,
	    0x44 } },
	{ "840e",
	  { 0xfffffffffff, 0xbb309c51b98a2d51, 0xffffffffffffffff, 0xdfee7ff87618e311, 0x95 },
	  { 0xfffffffffff, 0xbb309c51b98a2d51, 0xffffffffffffffff, 0xdfee7ff87618e311, 0x84 } },
	{ "668436",
	  { 0xbef757ee37fffd35, 0x5cc553a034d7ef8f, 0x987d4ef83b944390, 0x800000, 0xc1 },
	  { 0xbef757ee37fffd35, 0x5cc553a034d7ef8f, 0x987d4ef83b944390, 0x800000, 0x44 } },
	{ "668606",
	  { 0xf9a6d9866a9a744c, 0x532a244b2913d3a4, 0xffffffffffffffff, 0x0, 0xd4 },
	  { 0xf9a6d9866a9a74a4, 0x532a244b2913d34c, 0xffffffffffffffff, 0x0, 0xd4 } },
	{ "8626",
	  { 0xe4e4165b104d6f9f, 0x0, 0x5cd064e5e3d8d965, 0xd2b3cb24e62b9197, 0x54 },
	  { 0xe4e4165b104d6f00, 0x9f00, 0x5cd064e5e3d8d965, 0xd2b3cb24e62b9197, 0x54 } },
	{ "488706",
	  { 0x825341bfb3184d51, 0xffffffffffffffff, 0xa960c7962d33a958, 0xfc99576508bc980a, 0x90 },
	  { 0xffffffffffffffff, 0x825341bfb3184d51, 0xa960c7962d33a958, 0xfc99576508bc980a,
	    0x90 } },
	{ "668806",
	  { 0x8104f893ad335272, 0x5e75f9c87c5fe856, 0x3f, 0x3, 0xc1 },
	  { 0x8104f893ad335256, 0x5e75f9c87c5fe856, 0x3f, 0x3, 0xc1 } },
	{ "66882e",
	  { 0x0, 0x41, 0x88e5793d900ab2c5, 0xbad83117d21eb6e0, 0x85 },
	  { 0xb2, 0x41, 0x88e5793d900ab2c5, 0xbad83117d21eb6e0, 0x85 } },
	{ "488916",
	  { 0xdfd9532752e6039f, 0x70440968f500c858, 0x7b453e40c243dfc8, 0xa5bd6dd7fc27aa77, 0x8d5 },
	  { 0xa5bd6dd7fc27aa77, 0x70440968f500c858, 0x7b453e40c243dfc8, 0xa5bd6dd7fc27aa77,
	    0x8d5 } },
	{ "668a26",
	  { 0xffffffffffffffff, 0x9a0a1adf921f40e9, 0x28, 0xffffffff, 0x85 },
	  { 0xffffffffffffffff, 0x9a0a1adf921fffe9, 0x28, 0xffffffff, 0x85 } },
	{ "8b16",
	  { 0xffffffffffffffff, 0x50ea907910073433, 0xf0da73c5a85a569b, 0xb9597ddb36a024f6, 0x0 },
	  { 0xffffffffffffffff, 0x50ea907910073433, 0xf0da73c5a85a569b, 0xffffffff, 0x0 } },
	{ "48f60600",
	  { 0x9324390b57b81356, 0xa69a03a9409976f0, 0x0, 0xa1a1caa7f1531cad, 0x0 },
	  { 0x9324390b57b81356, 0xa69a03a9409976f0, 0x0, 0xa1a1caa7f1531cad, 0x44 } },
	{ "480fb606",
	  { 0x5dd701ec63d1fd2b, 0x0, 0xca64d59d5fb28cb9, 0xf15960e417f9e7e0, 0x0 },
	  { 0x5dd701ec63d1fd2b, 0x2b, 0xca64d59d5fb28cb9, 0xf15960e417f9e7e0, 0x0 } },
	{ "660fb70e",
	  { 0x0, 0x6ef54c09be1171f0, 0xe0829d2259292f13, 0x85167fcec128d98d, 0x854 },
	  { 0x0, 0x6ef54c09be1171f0, 0xe0829d2259290000, 0x85167fcec128d98d, 0x854 } },
	{ "660fbe06",
	  { 0x8f090511701a4f1d, 0x547c4650240c1cc3, 0x81a727e2acaf543a, 0xecb695db20804412, 0x10 },
	  { 0x8f090511701a4f1d, 0x547c4650240c001d, 0x81a727e2acaf543a, 0xecb695db20804412,
	    0x10 } },
	{ "0fbf0e",
	  { 0x3ffffff, 0xe6, 0xb607e59966433b45, 0x0, 0x801 },
	  { 0x3ffffff, 0xe6, 0xffffffff, 0x0, 0x801 } },
	{ "f0f61e",
	  { 0x9e3b81e1e253b3f5, 0x8a7a34da50a149d2, 0xb51f76e39aea3fc1, 0x5c1fc2e5d7543bfe, 0x801 },
	  { 0x9e3b81e1e253b30b, 0x8a7a34da50a149d2, 0xb51f76e39aea3fc1, 0x5c1fc2e5d7543bfe,
	    0x11 } },
	{ "f0f61e",
	  { 0x7ffffffffff, 0xc62663a595bdb8ab, 0xe326796b14d9891a, 0xff, 0x8d1 },
	  { 0x7ffffffff01, 0xc62663a595bdb8ab, 0xe326796b14d9891a, 0xff, 0x11 } },
	{ "f71e",
	  { 0x59af2eb760f292a7, 0xdf59f0aa1c473e42, 0xb40756b47f0460be, 0xaba0cf0d550b87ff, 0x810 },
	  { 0x59af2eb79f0d6d59, 0xdf59f0aa1c473e42, 0xb40756b47f0460be, 0xaba0cf0d550b87ff,
	    0x95 } },
	{ "f71e",
	  { 0x586422ec5b4db456, 0x682c16ef1360fabe, 0xc5f00334a3b954cb, 0xb0c7a609e77674a2, 0xc1 },
	  { 0x586422eca4b24baa, 0x682c16ef1360fabe, 0xc5f00334a3b954cb, 0xb0c7a609e77674a2,
	    0x95 } },
	{ "f0fe0e",
	  { 0x89b2eb756c50d311, 0x80000000000000, 0xa6bf005c30b5aa1a, 0x98b5cebc1f6107ce, 0x1 },
	  { 0x89b2eb756c50d310, 0x80000000000000, 0xa6bf005c30b5aa1a, 0x98b5cebc1f6107ce, 0x1 } },
	{ "f0fe0e",
	  { 0x40000000000000, 0x5a57ffc7f1e28929, 0xffffffffffffffff, 0xf7, 0x844 },
	  { 0x400000000000ff, 0x5a57ffc7f1e28929, 0xffffffffffffffff, 0xf7, 0x94 } },
	{ "480fa306",
	  { 0x10000000000, 0x12, 0x63, 0x0, 0x95 },
	  { 0x10000000000, 0x12, 0x63, 0x0, 0x94 } },
	{ "480fa306",
	  { 0xfd265f67cf22e860, 0x3f, 0xdb906fc09c3b0cdb, 0x8eba48092a5f2c02, 0xd0 },
	  { 0xfd265f67cf22e860, 0x3f, 0xdb906fc09c3b0cdb, 0x8eba48092a5f2c02, 0xd1 } },
	{ "0fab0e",
	  { 0x65f52f141584713e, 0xc46827d63e2cf65c, 0x5, 0x669d81489e1119c1, 0x0 },
	  { 0x65f52f141584713e, 0xc46827d63e2cf65c, 0x5, 0x669d81489e1119c1, 0x1 } },
	{ "0fab0e",
	  { 0xffffffffffffffff, 0xed, 0x18, 0x90, 0x8c5 },
	  { 0xffffffffffffffff, 0xed, 0x18, 0x90, 0x8c5 } },
	{ "f00fb006",
	  { 0x500981fcc6ca9a75, 0x500981fcc6ca9a75, 0x0, 0xc776ef9964ab5cf5, 0x4 },
	  { 0x500981fcc6ca9a75, 0x500981fcc6ca9a75, 0x0, 0xc776ef9964ab5cf5, 0x44 } },
	{ "f00fb006",
	  { 0x76211690bb3738c4, 0x9bb186da7ffde7b5, 0x93530dad2af9513a, 0xffffff, 0x40 },
	  { 0x76211690bb3738c4, 0x9bb186da7ffde7c4, 0x93530dad2af9513a, 0xffffff, 0x81 } },
	{ "f00fb026",
	  { 0x53bccd1a862e6717, 0x53bccd1a862e6717, 0xc27cbb83c0356e65, 0xe1a214461cd03df9, 0xc0 },
	  { 0x53bccd1a862e6767, 0x53bccd1a862e6717, 0xc27cbb83c0356e65, 0xe1a214461cd03df9,
	    0x44 } },
	{ "f00fb026",
	  { 0xfe97abffcbe07414, 0x0, 0xdb3456b0d35fee9f, 0x82, 0x805 },
	  { 0xfe97abffcbe07414, 0x14, 0xdb3456b0d35fee9f, 0x82, 0x91 } },
	{ "0fb10e",
	  { 0x7ff, 0x7ff, 0xe7, 0xf69fc6147c17c5b0, 0x11 },
	  { 0xe7, 0x7ff, 0xe7, 0xf69fc6147c17c5b0, 0x44 } },
	{ "0fb10e",
	  { 0x89418f4898ee739c, 0x800000000000000, 0x9aa3c6a1eaf43b2b, 0xcba2329c6070799d, 0x8d5 },
	  { 0x89418f4898ee739c, 0x98ee739c, 0x9aa3c6a1eaf43b2b, 0xcba2329c6070799d, 0x11 } },
	{ "f00fb306",
	  { 0xd3d6c9024e454534, 0xe, 0xb7e873441e1fc93b, 0x5a3e208b5824d869, 0x891 },
	  { 0xd3d6c9024e450534, 0xe, 0xb7e873441e1fc93b, 0x5a3e208b5824d869, 0x891 } },
	{ "f00fb306",
	  { 0x93f9b345bc44d734, 0x6, 0x5b4718cf3c21033d, 0x7ffffffffffffff, 0xc5 },
	  { 0x93f9b345bc44d734, 0x6, 0x5b4718cf3c21033d, 0x7ffffffffffffff, 0xc4 } },
	{ "f00fba2efc",
	  { 0x950f23fa14daccdf, 0x72d59e14d2d7ae86, 0x94185cd47bff605b, 0x7ffffff, 0x41 },
	  { 0x950f23fa14daccdf, 0x72d59e14d2d7ae86, 0x94185cd47bff605b, 0x7ffffff, 0x41 } },
	{ "f00fba2e01",
	  { 0x9669a066846bc907, 0xd735ef69541bbf55, 0x82ce9b0c0d60fd6b, 0xd826e1455e4a0651, 0x15 },
	  { 0x9669a066846bc907, 0xd735ef69541bbf55, 0x82ce9b0c0d60fd6b, 0xd826e1455e4a0651,
	    0x15 } },
	{ "480fbb06",
	  { 0x66ec34f835fa910e, 0x31, 0x982b53de170a1563, 0x938e6607581f3989, 0x90 },
	  { 0x66ee34f835fa910e, 0x31, 0x982b53de170a1563, 0x938e6607581f3989, 0x90 } },
	{ "480fbb06",
	  { 0xf11f19e22fd2f981, 0x1b, 0x3ff, 0x7a5bb892fb3df937, 0x805 },
	  { 0xf11f19e227d2f981, 0x1b, 0x3ff, 0x7a5bb892fb3df937, 0x805 } },
	{ "480fc316",
	  { 0xdfe1f4ceaa6b1a6a, 0xde, 0x7ffffffffffff, 0x1ffff, 0x851 },
	  { 0x1ffff, 0xde, 0x7ffffffffffff, 0x1ffff, 0x851 } },
	{ "480fc316",
	  { 0x0, 0x8e6d86833bba7220, 0x0, 0x2000000, 0x890 },
	  { 0x2000000, 0x8e6d86833bba7220, 0x0, 0x2000000, 0x890 } },
};

static bool run_matches(const struct exec_row *r)
{
	uint64_t gpr[16] = { r->in[1], r->in[2], r->in[3] }, rflags = r->in[4] | 0x202, store = 0;
	uint64_t mem = r->in[0], mask;
	struct x86_insn i;
	bool stores = false;

	for (uint64_t k = 3; k < 16; k++)
		gpr[k] = 0xabcd0000 + k;
	assert_int_equal(decode_hex(r->hex, X86_MODE_64, &i), X86_DECODE_OK);
	assert_true(i.mem && i.base == 6);
	mask = i.opsize == 8 ? ~0ull : (1ull << 8 * i.opsize) - 1;
	x86_insn_execute(&i, x86_insn_needs_read(&i) ? mem : 0x5a5a5a5a5a5a5a5a, gpr, &rflags,
			 &store, &stores);
	if (stores && store & ~mask)
		return false;
	if (stores)
		mem = (mem & ~mask) | store;
	for (uint64_t k = 3; k < 16; k++)
		if (gpr[k] != 0xabcd0000 + k)
			return false;
	return (rflags & ~STATUS_FLAGS) == 0x202 && mem == r->out[0] && gpr[0] == r->out[1] &&
	       gpr[1] == r->out[2] && gpr[2] == r->out[3] && (rflags & STATUS_FLAGS) == r->out[4];
}

static void test_execute(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(runs); k++) {
		struct exec_row planted = runs[k];

		if (!run_matches(&planted))
			fail_msg("%s on %llx", planted.hex, (unsigned long long)planted.in[0]);
		planted.out[4] ^= 0x800; /* a wrong OF must be noticed */
		assert_false(run_matches(&planted));
		planted = runs[k];
		planted.out[0] ^= 1;
		assert_false(run_matches(&planted));
	}
}

static void test_execute_high_byte(void **state)
{
	uint64_t gpr[16] = { 0x1111111111112233 }, rflags = 2, store = 0;
	struct x86_insn i;
	bool stores = true;

	(void)state;
	assert_int_equal(decode_hex("8a26", X86_MODE_64, &i), X86_DECODE_OK); /* mov ah,[rsi] */
	x86_insn_execute(&i, 0xffffffffffffff77, gpr, &rflags, &store, &stores);
	assert_int_equal(gpr[0], 0x1111111111117733);
	assert_false(stores);
	assert_int_equal(decode_hex("8826", X86_MODE_64, &i), X86_DECODE_OK); /* mov [rsi],ah */
	assert_false(x86_insn_needs_read(&i));
	x86_insn_execute(&i, 0, gpr, &rflags, &store, &stores);
	assert_true(stores);
	assert_int_equal(store, 0x77);
	assert_int_equal(decode_hex("8626", X86_MODE_64, &i), X86_DECODE_OK); /* xchg [rsi],ah */
	assert_true(x86_insn_needs_read(&i));
	x86_insn_execute(&i, 0x99, gpr, &rflags, &store, &stores);
	assert_int_equal(store, 0x77);
	assert_int_equal(gpr[0], 0x1111111111119933);
	assert_int_equal(rflags, 2);
	stores = true;
	assert_int_equal(decode_hex("0fa2", X86_MODE_64, &i), X86_DECODE_OK);
	x86_insn_execute(&i, 1, gpr, &rflags, &store, &stores);
	assert_false(stores);
	assert_int_equal(gpr[0], 0x1111111111119933);
}

/* -- random bytes ----------------------------------------------------------------------------- */

static uint64_t next_random(void)
{
	static uint64_t s = 0x9e3779b97f4a7c15;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

static void test_random(void **state)
{
	static const uint8_t likely[] = { 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x48, 0x44,
					  0x0f, 0x81, 0xc7, 0xf7, 0x8b, 0x89, 0x04, 0x05 };
	size_t decoded = 0;

	(void)state;
	for (uint32_t round = 0; round < 20000; round++) {
		enum x86_mode mode = (enum x86_mode)(round % 3);
		enum x86_decode_status all, s;
		uint8_t b[20];
		struct x86_insn i, j;
		size_t n;

		for (size_t k = 0; k < sizeof(b); k++)
			b[k] = next_random() & 0x100 ? likely[next_random() >> 60]
						     : (uint8_t)(next_random() >> 32);
		all = decode(b, sizeof(b), mode, &i);
		assert_int_not_equal(all, X86_DECODE_SHORT);
		for (n = 0; (s = decode(b, n, mode, &j)) == X86_DECODE_SHORT; n++)
			assert_in_range(n, 0, 14);
		/* The first answer is the last one, and it needed exactly the instruction. */
		assert_int_equal(s, all);
		if (s != X86_DECODE_OK)
			continue;
		decoded++;
		assert_int_equal(n, j.len);
		assert_in_range(j.len, 1, 15);
		assert_memory_equal(&i, &j, sizeof(i));
	}
	assert_in_range(decoded, 1000, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_lengths_wrong_mode),
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_register_forms_and_others),
		cmocka_unit_test(test_prefix_flags),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_length_corners),
		cmocka_unit_test(test_execute),
		cmocka_unit_test(test_execute_high_byte),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <insn.h>

#include "kernel/addr.h"
#include "kernel/bits.h"
#include "kernel/console.h"

/* 16550 registers (PC16550D data sheet): THR 0, LSR 5 with THRE bit 5. */
#define UART_THR 0u
#define UART_LSR 5u
#define LSR_THRE 0x20u
#define SPIN_MAX 100000u
/* PL011 (DDI 0183): UARTDR, and UARTFR with TXFF bit 5. The SBSA UART has the same two. */
#define PL011_DR 0x00u
#define PL011_FR 0x18u
#define FR_TXFF	 0x20u

static struct boot_console con;

void console_init(const struct boot_console *c)
{
	con = *c;
}

void console_remap(uint64_t va)
{
	con.base = va;
}

static void put(char ch)
{
	/* A missing UART must not hang the core: give up waiting after a bound. */
	uint32_t spin = SPIN_MAX;

#ifdef ARCH_IO_PORTS
	if (con.kind == BOOT_CONSOLE_16550_PORT) {
		while (!(inb((uint16_t)(con.base + UART_LSR)) & LSR_THRE) && --spin)
			;
		outb((uint16_t)(con.base + UART_THR), (uint8_t)ch);
	}
#else
	if (con.kind == BOOT_CONSOLE_PL011) {
		while (mmio_read32(con.base + PL011_FR) & FR_TXFF && --spin)
			;
		mmio_write32(con.base + PL011_DR, (uint8_t)ch);
	}
#endif
	if (con.kind == BOOT_CONSOLE_16550_MMIO) {
		while (!(mmio_read8(con.base + UART_LSR * con.stride) & LSR_THRE) && --spin)
			;
		mmio_write8(con.base + UART_THR * con.stride, (uint8_t)ch);
	}
}

void console_write(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n')
			put('\r');
		put(s[i]);
	}
}

/* SPDX-License-Identifier: MIT */
/* newlib's system calls: the console, the heap, the end. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/root/root.h"

#define HEAP_PAGES 2048u

void *sbrk(ptrdiff_t n);

static struct boot_console console;
static uint32_t lock;

void console_init(const struct boot_console *c)
{
	console = *c;
}

/* Line status of a 16550: bit 5 there is room, bit 6 the last bit is out. */
static uint8_t status(void)
{
#ifdef ROOT_IO_PORTS
	if (console.kind == BOOT_CONSOLE_16550_PORT)
		return inb((uint16_t)(console.base + 5));
#endif
	return *(volatile uint8_t *)(console.base + 5ull * console.stride);
}

static void put(char c)
{
	switch (console.kind) {
	case BOOT_CONSOLE_PL011:
		/* UARTFR at 18 hex: TXFF bit 5 */
		while (*(volatile uint32_t *)(console.base + 0x18) & 0x20)
			cpu_pause();
		*(volatile uint32_t *)console.base = (uint8_t)c;
		break;
	case BOOT_CONSOLE_16550_MMIO:
		while (!(status() & 0x20))
			cpu_pause();
		*(volatile uint8_t *)console.base = (uint8_t)c;
		break;
#ifdef ROOT_IO_PORTS
	case BOOT_CONSOLE_16550_PORT:
		while (!(status() & 0x20))
			cpu_pause();
		outb((uint16_t)console.base, (uint8_t)c);
		break;
#endif
	default:
		break;
	}
}

/* Until the last bit is out. */
static void drain(void)
{
	if (console.kind == BOOT_CONSOLE_PL011)
		while (*(volatile uint32_t *)(console.base + 0x18) & 8) /* BUSY */
			cpu_pause();
	else if (console.kind != BOOT_CONSOLE_NONE)
		while (!(status() & 0x40))
			cpu_pause();
}

/* Only one CPU at a time is inside stdio. */
void console_lock(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		cpu_pause();
}

void console_unlock(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

int write(int fd, const void *data, size_t len)
{
	const char *buf = data;

	(void)fd;
	for (size_t i = 0; i < len; i++) {
		if (buf[i] == '\n')
			put('\r');
		put(buf[i]);
	}
	return (int)len;
}

int read(int fd, void *buf, size_t len)
{
	(void)fd;
	(void)buf;
	(void)len;
	return 0;
}

int close(int fd)
{
	(void)fd;
	return 0;
}

int fstat(int fd, struct stat *st)
{
	(void)fd;
	st->st_mode = S_IFCHR;
	return 0;
}

int isatty(int fd)
{
	(void)fd;
	return 1;
}

off_t lseek(int fd, off_t at, int whence)
{
	(void)fd;
	(void)at;
	(void)whence;
	errno = ESPIPE;
	return -1;
}

int kill(int pid, int sig)
{
	(void)pid;
	(void)sig;
	machine_exit(false);
}

int getpid(void)
{
	return 1;
}

void *sbrk(ptrdiff_t n)
{
	static uint8_t *base;
	static size_t used;
	uint8_t *at;

	if (!base)
		base = pages_alloc(HEAP_PAGES, 1);
	if (!base || (ptrdiff_t)used + n < 0 || used + (size_t)n > HEAP_PAGES * (size_t)PAGE) {
		errno = ENOMEM;
		return (void *)-1;
	}
	at = base + used;
	used += (size_t)n;
	return at;
}

void machine_exit(bool ok)
{
	static const char text[2][14] = { "ROOT EXIT 1\n", "ROOT EXIT 0\n" };

	write(1, text[ok], strlen(text[ok]));
	drain();
	machine_off(ok);
}

void _exit(int code)
{
	machine_exit(code == 0);
}

/* SPDX-License-Identifier: MIT */
/*
 * Ports and connections (TLFS, "Inter-Partition Communication"). A port belongs to the partition
 * that receives, a connection to the one that sends; the connection names its port by number, and
 * every send looks it up anew: a port that went leaves nothing behind.
 *
 * One lock a partition guards its ports, its connections, the queues of its message ports, and the
 * SynICs of all its VPs, so that any CPU can deliver. Rank: below the partition's lock. Two
 * partitions' are never held together.
 */
#ifndef HVAPI_PORT_H
#define HVAPI_PORT_H

#include <hv/hypercall.h>
#include <hv/messages.h>

#include "kernel/cell.h"
#include "kernel/lock.h"

struct partition;
struct vp;

struct ipc_tables;

struct ipc {
	struct lock lock;
	struct cells cells;	   /* under the partition's lock */
	struct ipc_tables *tables; /* a page of the pool; NULL: nothing yet */
	uint32_t doorbells;	   /* how many; read anywhere */
};

/*
 * HV_STATUS_INVALID_PORT_ID, INVALID_CONNECTION_ID: the number is taken, has reserved bits set
 * (31:24), or there is none; INVALID_VP_INDEX; INVALID_PARAMETER: type, SINT, flags, reserved
 * fields; INSUFFICIENT_MEMORY: p's pool; INVALID_PARTITION_STATE.
 */
uint16_t port_create(struct partition *p, hv_partition_id sender,
		     const struct hv_input_create_port *in);
uint16_t port_delete(struct partition *p, uint32_t id);
uint16_t port_connect(struct partition *p, hv_partition_id receiver,
		      const struct hv_input_connect_port *in);
uint16_t port_disconnect(struct partition *p, uint32_t id, bool doorbell);
/* The partition ends: its lock is held, and its VPs are still there. */
void port_close_all(struct partition *p);
/* The VP ends, out of its partition's table, whose lock is held: nothing is delivered to it any
 * more.
 */
void port_forget_vp(struct vp *vp);

/*
 * HvPostMessage and HvSignalEvent: INVALID_CONNECTION_ID; INVALID_PORT_ID: the port went;
 * INVALID_VP_INDEX: no VP of the port's can take it; INVALID_SYNIC_STATE; INSUFFICIENT_BUFFERS.
 * m's sender is set here.
 */
uint16_t port_post_message(struct vp *caller, uint32_t connection, struct hv_message *m);
uint16_t port_signal_event(struct vp *caller, uint32_t connection, uint32_t flag);
/* The direct forms, to a VP that the caller holds by its partition. */
uint16_t port_post_direct(struct vp *to, uint32_t sint, const struct hv_message *m);
uint16_t port_signal_direct(struct vp *to, uint32_t sint, uint32_t flag, bool *newly);

/*
 * A guest wrote size bytes at gpa, where nothing is mapped. True: a doorbell took it, and the
 * instruction is done.
 */
bool port_ring_doorbell(struct partition *p, uint64_t gpa, uint32_t size, uint64_t value);
/* HvNotifyPortRingEmpty, from a VP of the root's: ports that found the ring full are put in. */
uint16_t port_ring_empty(struct vp *caller, uint32_t sint);

#endif

/* SPDX-License-Identifier: MIT */
#include "hvapi/port.h"

#include <string.h>

#include <hv/status.h>

#include "hvapi/msr.h"
#include "kernel/arch.h"

#define ID_RESERVED 0xff000000u

struct port {
	struct port *next;
	uint32_t id;
	uint8_t type;
	bool ring_waits;	/* doorbell: its ring was full */
	hv_partition_id sender; /* who may connect */
	uint32_t sint, vp;	/* the VP may be HV_ANY_VP */
	uint32_t bound;		/* VP that the queue waits at, while it is not empty */
	uint16_t base_flag, flag_count;
	struct synic_queue queue; /* message: with a page of its own */
};
_Static_assert(sizeof(struct port) <= CELL_SIZE, "a cell");

struct connection {
	struct connection *next;
	uint32_t id;
	uint8_t type;
	hv_partition_id receiver;
	uint32_t port;
	/* doorbell */
	struct connection *next_doorbell;
	uint64_t gpa, value, flags;
};
_Static_assert(sizeof(struct connection) <= CELL_SIZE, "a cell");

#define BUCKETS 128u
struct ipc_tables {
	struct port *ports[BUCKETS];
	struct connection *connections[BUCKETS];
	struct connection *doorbells[BUCKETS]; /* by address */
};
_Static_assert(sizeof(struct ipc_tables) <= PAGE_SIZE, "a page");

static uint32_t bucket(uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 57);
}

static struct port *find_port(const struct ipc *ipc, uint32_t id)
{
	struct port *port = ipc->tables ? ipc->tables->ports[bucket(id)] : NULL;

	while (port && port->id != id)
		port = port->next;
	return port;
}

static struct connection *find_connection(const struct ipc *ipc, uint32_t id)
{
	struct connection *c = ipc->tables ? ipc->tables->connections[bucket(id)] : NULL;

	while (c && c->id != id)
		c = c->next;
	return c;
}

/* -- ports and connections come and go ---------------------------------------------------------
 */

/* The partition's lock is held. */
static bool tables_ready(struct partition *p)
{
	_Static_assert(sizeof(struct hv_message) * SYNIC_QUEUE_MESSAGES == PAGE_SIZE, "one page");
	if (!p->ipc.tables)
		p->ipc.tables = pool_alloc(&p->pool);
	return p->ipc.tables != NULL;
}

static void free_port(struct partition *p, struct port *port)
{
	if (port->queue.buffer)
		pool_free(&p->pool, port->queue.buffer);
	cell_free(&p->ipc.cells, &p->pool, port);
}

static struct port *new_port(struct partition *p, bool message)
{
	struct port *port = cell_alloc(&p->ipc.cells, &p->pool);

	if (!port || !message)
		return port;
	port->queue.buffer = pool_alloc(&p->pool);
	if (port->queue.buffer)
		return port;
	cell_free(&p->ipc.cells, &p->pool, port);
	return NULL;
}

static uint16_t check_port(const struct partition *p, const struct hv_input_create_port *in)
{
	uint32_t base = (uint32_t)FIELD(in->info, 15, 0), count = (uint32_t)FIELD(in->info, 31, 16);

	if (in->port_vtl || in->min_connection_vtl || in->padding || in->padding2)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->port_id & ID_RESERVED)
		return HV_STATUS_INVALID_PORT_ID;
	switch (in->port_type) {
	case HV_PORT_TYPE_EVENT:
		if (in->info >> 32 || !count || base + count > HV_EVENT_FLAGS_COUNT)
			return HV_STATUS_INVALID_PARAMETER;
		break;
	case HV_PORT_TYPE_MESSAGE:
		if (in->info)
			return HV_STATUS_INVALID_PARAMETER;
		break;
	case HV_PORT_TYPE_DOORBELL:
		/* Rings are the root's, and 0 is an empty place in one */
		if (in->info || p != partition_root)
			return HV_STATUS_INVALID_PARAMETER;
		if (!in->port_id)
			return HV_STATUS_INVALID_PORT_ID;
		break;
	default:
		return HV_STATUS_INVALID_PARAMETER;
	}
	if (in->target_sint >= HV_SYNIC_SINT_COUNT)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->target_vp != HV_ANY_VP && !vp_find((struct partition *)(uintptr_t)p, in->target_vp))
		return HV_STATUS_INVALID_VP_INDEX;
	return HV_STATUS_SUCCESS;
}

uint16_t port_create(struct partition *p, hv_partition_id sender,
		     const struct hv_input_create_port *in)
{
	struct lock_token t = lock_take(&p->lock), it;
	uint16_t status = HV_STATUS_INVALID_PARTITION_STATE;
	struct port *port;

	if (p->state != PARTITION_ACTIVE)
		goto out;
	status = check_port(p, in);
	if (status != HV_STATUS_SUCCESS)
		goto out;
	status = HV_STATUS_INVALID_PORT_ID;
	if (find_port(&p->ipc, in->port_id))
		goto out;
	status = HV_STATUS_INSUFFICIENT_MEMORY;
	if (!tables_ready(p))
		goto out;
	port = new_port(p, in->port_type == HV_PORT_TYPE_MESSAGE);
	if (!port)
		goto out;
	port->id = in->port_id;
	port->type = (uint8_t)in->port_type;
	port->sender = sender;
	port->sint = in->target_sint;
	port->vp = in->target_vp;
	port->base_flag = (uint16_t)in->info;
	port->flag_count = (uint16_t)(in->info >> 16);
	it = lock_take(&p->ipc.lock);
	port->next = p->ipc.tables->ports[bucket(port->id)];
	p->ipc.tables->ports[bucket(port->id)] = port;
	lock_drop(it);
	status = HV_STATUS_SUCCESS;
out:
	lock_drop(t);
	return status;
}

static void cancel(struct partition *p, struct port *port)
{
	struct vp *vp = port->queue.count ? vp_find(p, port->bound) : NULL;

	if (vp)
		synic_cancel(vp->synic, port->sint, &port->queue);
}

uint16_t port_delete(struct partition *p, uint32_t id)
{
	struct lock_token t = lock_take(&p->lock), it = lock_take(&p->ipc.lock);
	struct port *port = find_port(&p->ipc, id), **at;

	if (port) {
		for (at = &p->ipc.tables->ports[bucket(id)]; *at != port;)
			at = &(*at)->next;
		*at = port->next;
		cancel(p, port);
	}
	lock_drop(it);
	if (port)
		free_port(p, port);
	lock_drop(t);
	return port ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PORT_ID;
}

static uint16_t check_connection(const struct hv_input_connect_port *in)
{
	bool doorbell = in->port_type == HV_PORT_TYPE_DOORBELL;

	if (in->connection_vtl || in->padding[0] || in->padding[1] || in->padding[2] ||
	    in->padding2 || in->padding3)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->connection_id & ID_RESERVED)
		return HV_STATUS_INVALID_CONNECTION_ID;
	if (!doorbell && (in->gpa || in->trigger_value || in->flags))
		return HV_STATUS_INVALID_PARAMETER;
	if (doorbell &&
	    (in->flags & ~(uint64_t)(HV_DOORBELL_FLAG_SIZE_MASK | HV_DOORBELL_FLAG_ANY_VALUE) ||
	     (in->flags & HV_DOORBELL_FLAG_SIZE_MASK) > HV_DOORBELL_FLAG_SIZE_QWORD ||
	     in->gpa >> 52))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

/*
 * The port of that number, of that type, which `sender` may use. Its partition's ipc lock is held
 * with t until the caller drops it; NULL: no such port, and no lock.
 */
static struct port *enter_port(hv_partition_id receiver, uint32_t id, uint32_t type,
			       hv_partition_id sender, struct partition **p, struct lock_token *t)
{
	struct port *port;

	*p = partition_enter_ipc(receiver, t);
	if (!*p)
		return NULL;
	port = find_port(&(*p)->ipc, id);
	if (port && port->type == type && port->sender == sender)
		return port;
	lock_drop(*t);
	return NULL;
}

/* Two doorbells that one write would ring are refused: each write rings one. */
static bool same_write(const struct connection *c, uint64_t gpa, uint64_t value, uint64_t flags)
{
	uint64_t a = c->flags & HV_DOORBELL_FLAG_SIZE_MASK, b = flags & HV_DOORBELL_FLAG_SIZE_MASK;

	return c->gpa == gpa && (a == b || !a || !b) &&
	       ((c->flags | flags) & HV_DOORBELL_FLAG_ANY_VALUE || c->value == value);
}

static void insert(struct partition *p, struct connection *c)
{
	struct ipc_tables *tables = p->ipc.tables;

	c->next = tables->connections[bucket(c->id)];
	tables->connections[bucket(c->id)] = c;
	if (c->type != HV_PORT_TYPE_DOORBELL)
		return;
	c->next_doorbell = tables->doorbells[bucket(c->gpa)];
	tables->doorbells[bucket(c->gpa)] = c;
	atomic_store(&p->ipc.doorbells, p->ipc.doorbells + 1);
}

static bool trigger_taken(const struct ipc *ipc, const struct hv_input_connect_port *in)
{
	const struct connection *c = ipc->tables ? ipc->tables->doorbells[bucket(in->gpa)] : NULL;

	if (in->port_type != HV_PORT_TYPE_DOORBELL)
		return false;
	while (c && !same_write(c, in->gpa, in->trigger_value, in->flags))
		c = c->next_doorbell;
	return c != NULL;
}

uint16_t port_connect(struct partition *p, hv_partition_id receiver,
		      const struct hv_input_connect_port *in)
{
	uint16_t status = check_connection(in);
	struct lock_token t, it;
	struct partition *to;
	struct connection *c;

	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!enter_port(receiver, in->port_id, in->port_type, p->id, &to, &it))
		return HV_STATUS_INVALID_PORT_ID;
	lock_drop(it);
	t = lock_take(&p->lock);
	status = HV_STATUS_INVALID_PARTITION_STATE;
	if (p->state != PARTITION_ACTIVE)
		goto out;
	status = HV_STATUS_INVALID_CONNECTION_ID;
	if (find_connection(&p->ipc, in->connection_id))
		goto out;
	status = HV_STATUS_INVALID_PARAMETER;
	if (trigger_taken(&p->ipc, in))
		goto out;
	status = HV_STATUS_INSUFFICIENT_MEMORY;
	c = tables_ready(p) ? cell_alloc(&p->ipc.cells, &p->pool) : NULL;
	if (!c)
		goto out;
	c->id = in->connection_id;
	c->type = (uint8_t)in->port_type;
	c->receiver = receiver;
	c->port = in->port_id;
	c->gpa = in->gpa;
	c->value = in->trigger_value;
	c->flags = in->flags;
	it = lock_take(&p->ipc.lock);
	insert(p, c);
	lock_drop(it);
	status = HV_STATUS_SUCCESS;
out:
	lock_drop(t);
	return status;
}

static void take_out(struct partition *p, struct connection *c)
{
	struct connection **at = &p->ipc.tables->connections[bucket(c->id)];

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (c->type != HV_PORT_TYPE_DOORBELL)
		return;
	for (at = &p->ipc.tables->doorbells[bucket(c->gpa)]; *at != c;)
		at = &(*at)->next_doorbell;
	*at = c->next_doorbell;
	atomic_store(&p->ipc.doorbells, p->ipc.doorbells - 1);
}

uint16_t port_disconnect(struct partition *p, uint32_t id, bool doorbell)
{
	struct lock_token t = lock_take(&p->lock), it = lock_take(&p->ipc.lock);
	struct connection *c = find_connection(&p->ipc, id);

	/* A doorbell is named as one (Linux, hv_call_disconnect_port) */
	if (c && (c->type == HV_PORT_TYPE_DOORBELL) != doorbell)
		c = NULL;
	if (c)
		take_out(p, c);
	lock_drop(it);
	if (c)
		cell_free(&p->ipc.cells, &p->pool, c);
	lock_drop(t);
	return c ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_CONNECTION_ID;
}

void port_close_all(struct partition *p)
{
	struct lock_token it = lock_take(&p->ipc.lock);
	struct ipc_tables *tables = p->ipc.tables;

	p->ipc.tables = NULL;
	atomic_store(&p->ipc.doorbells, 0);
	for (uint32_t i = 0; tables && i < BUCKETS; i++)
		for (struct port *port = tables->ports[i]; port; port = port->next)
			cancel(p, port);
	lock_drop(it);
	for (uint32_t i = 0; tables && i < BUCKETS; i++) {
		struct port *port, *next_port;
		struct connection *c, *next;

		for (port = tables->ports[i]; port; port = next_port) {
			next_port = port->next;
			free_port(p, port);
		}
		for (c = tables->connections[i]; c; c = next) {
			next = c->next;
			cell_free(&p->ipc.cells, &p->pool, c);
		}
	}
	if (tables)
		pool_free(&p->pool, tables);
}

void port_forget_vp(struct vp *vp)
{
	struct lock_token it = lock_take(&vp->partition->ipc.lock);

	synic_reset(vp->synic);
	lock_drop(it);
}

/* -- delivery ------------------------------------------------------------------------------------
 */

/* For a port of any VP: would this one take it now? */
static bool ready(const struct vp *vp, const struct port *port)
{
	switch (port->type) {
	case HV_PORT_TYPE_MESSAGE:
		return synic_takes_messages(vp->synic);
	case HV_PORT_TYPE_EVENT:
		return synic_takes_events(vp->synic, port->sint);
	default:
		return synic_takes_ports(vp->synic);
	}
}

/* The one it names; of any: where its queue waits, this CPU's where that is the root's, the first.
 */
static struct vp *pick(struct partition *p, const struct port *port)
{
	struct vp *here = this_cpu()->root_vp;

	if (port->vp != HV_ANY_VP)
		return vp_find(p, port->vp);
	if (port->queue.count)
		return vp_find(p, port->bound);
	if (p == partition_root && here && ready(here, port))
		return here;
	for (uint32_t i = 0; i < PARTITION_MAX_VPS; i++) {
		struct vp *vp = vp_find(p, i);

		if (vp && ready(vp, port))
			return vp;
	}
	return NULL;
}

/* Where a connection of that type leads to; false: there is none. */
static bool resolve(struct partition *p, uint32_t id, uint32_t type, hv_partition_id *receiver,
		    uint32_t *port)
{
	struct lock_token t = lock_take(&p->ipc.lock);
	const struct connection *c = find_connection(&p->ipc, id);
	bool known = c && c->type == type;

	if (known) {
		*receiver = c->receiver;
		*port = c->port;
	}
	lock_drop(t);
	return known;
}

/*
 * The port behind a connection of the caller's, as enter_port() has it; NULL: why not, in *status.
 * In line: its two callers are short, and often called.
 */
static inline __attribute__((always_inline)) struct port *
enter_by(const struct vp *caller, uint32_t connection, uint32_t type, struct partition **p,
	 struct lock_token *t, uint16_t *status)
{
	hv_partition_id receiver;
	struct port *port;
	uint32_t id;

	if (!resolve(caller->partition, connection, type, &receiver, &id)) {
		*status = HV_STATUS_INVALID_CONNECTION_ID;
		return NULL;
	}
	port = enter_port(receiver, id, type, caller->partition->id, p, t);
	if (!port)
		*status = HV_STATUS_INVALID_PORT_ID;
	return port;
}

uint16_t port_post_message(struct vp *caller, uint32_t connection, struct hv_message *m)
{
	uint16_t status, raise = 0;
	struct lock_token t;
	struct partition *p;
	struct port *port = enter_by(caller, connection, HV_PORT_TYPE_MESSAGE, &p, &t, &status);
	struct vp *vp;

	if (!port)
		return status;
	vp = pick(p, port);
	status = HV_STATUS_INVALID_VP_INDEX;
	if (vp) {
		m->header.sender = port->id;
		port->bound = vp->index;
		status = synic_post_message(vp->synic, port->sint, &port->queue, m, &raise);
		hv_post_sints(vp, raise);
	}
	lock_drop(t);
	return status;
}

uint16_t port_signal_event(struct vp *caller, uint32_t connection, uint32_t flag)
{
	uint16_t status, raise = 0;
	struct lock_token t;
	struct partition *p;
	struct port *port = enter_by(caller, connection, HV_PORT_TYPE_EVENT, &p, &t, &status);
	struct vp *vp;
	bool newly;

	if (!port)
		return status;
	vp = pick(p, port);
	if (flag >= port->flag_count) {
		status = HV_STATUS_INVALID_PARAMETER;
	} else if (!vp) {
		status = HV_STATUS_INVALID_VP_INDEX;
	} else {
		status = synic_signal_event(vp->synic, port->sint, port->base_flag + flag, &newly,
					    &raise);
		hv_post_sints(vp, raise);
	}
	lock_drop(t);
	return status;
}

uint16_t port_post_direct(struct vp *to, uint32_t sint, const struct hv_message *m)
{
	struct lock_token t = lock_take(&to->partition->ipc.lock);
	uint16_t raise = 0, status = synic_try_message(to->synic, sint, m, &raise);

	hv_post_sints(to, raise);
	lock_drop(t);
	return status;
}

uint16_t port_signal_direct(struct vp *to, uint32_t sint, uint32_t flag, bool *newly)
{
	struct lock_token t = lock_take(&to->partition->ipc.lock);
	uint16_t raise = 0, status = synic_signal_event(to->synic, sint, flag, newly, &raise);

	hv_post_sints(to, raise);
	lock_drop(t);
	return status;
}

/* -- doorbells -----------------------------------------------------------------------------------
 */

static bool triggers(const struct connection *c, uint64_t gpa, uint32_t size, uint64_t value)
{
	uint32_t code = (uint32_t)(c->flags & HV_DOORBELL_FLAG_SIZE_MASK);

	if (c->gpa != gpa || (code && size != 1u << (code - 1)))
		return false;
	return c->flags & HV_DOORBELL_FLAG_ANY_VALUE || c->value == value;
}

static bool find_doorbell(struct partition *p, uint64_t gpa, uint32_t size, uint64_t value,
			  struct connection *out)
{
	struct lock_token t = lock_take(&p->ipc.lock);
	const struct connection *c = p->ipc.tables ? p->ipc.tables->doorbells[bucket(gpa)] : NULL;

	while (c && !triggers(c, gpa, size, value))
		c = c->next_doorbell;
	if (c)
		*out = *c;
	lock_drop(t);
	return c != NULL;
}

bool port_ring_doorbell(struct partition *p, uint64_t gpa, uint32_t size, uint64_t value)
{
	struct lock_token t;
	struct connection c;
	struct partition *to;
	struct port *port;
	struct vp *vp;
	uint16_t raise = 0;
	bool heard;

	if (!find_doorbell(p, gpa, size, value, &c))
		return false;
	port = enter_port(c.receiver, c.port, HV_PORT_TYPE_DOORBELL, p->id, &to, &t);
	if (!port)
		return false;
	vp = pick(to, port);
	heard = vp && ready(vp, port);
	if (heard) {
		if (!synic_ring_port(vp->synic, port->sint, port->id, &raise)) {
			port->ring_waits = true;
			port->bound = vp->index;
		}
		hv_post_sints(vp, raise);
	}
	lock_drop(t);
	/* With nobody to hear it the write goes to the root as any other */
	return heard;
}

uint16_t port_ring_empty(struct vp *caller, uint32_t sint)
{
	struct ipc *ipc = &caller->partition->ipc;
	uint16_t raise = 0;
	struct lock_token t;

	if (sint >= HV_SYNIC_SINT_COUNT)
		return HV_STATUS_INVALID_PARAMETER;
	t = lock_take(&ipc->lock);
	for (uint32_t i = 0; ipc->tables && i < BUCKETS; i++)
		for (struct port *port = ipc->tables->ports[i]; port; port = port->next)
			if (port->ring_waits && port->sint == sint && port->bound == caller->index)
				port->ring_waits =
					!synic_ring_port(caller->synic, sint, port->id, &raise);
	hv_post_sints(caller, raise);
	lock_drop(t);
	return HV_STATUS_SUCCESS;
}

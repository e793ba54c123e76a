/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_REPORT_H
#define PYR_REPORT_H

#include "context.h"

/* One message is one packet: this head and `len` bytes of data, MESSAGE_MAX in all. */
struct message {
  uint32_t kind; /* MSG_* */
  uint32_t step; /* UINT32_MAX: before the first step */
  int32_t err;   /* positive errno, 0 when the kernel was not asked */
  uint32_t len;
};
#define MESSAGE_MAX 4096

/*
 * Sends a message over a SOCK_SEQPACKET socket, with descriptor `fd` when it is >= 0.
 * Returns 0 or -errno (-EPIPE: the peer is gone).
 */
int message_send(int sock, const struct message *m, const void *data, int fd);

/*
 * Waits for one message without data. Returns 0, or -EPIPE when the peer is gone,
 * -EBADMSG for a packet that is none, -errno.
 */
int message_receive(int sock, struct message *m);

/* Sends the ERROR of the running step: what fail() recorded last, err = -errno. */
void report_error(struct ctx *c, int err);

#endif

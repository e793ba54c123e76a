/* SPDX-License-Identifier: Apache-2.0 */
#include "fd.h"
#include "run.h"

#include <linux/fcntl.h>
#include <linux/sockios.h>

/* The kernel's own layout: <linux/if.h> asks for a C library's headers. */
struct interface_request {
  char name[16];
  int16_t flags;
  char padding[22];
};

#define FAMILY_UNIX 1 /* any socket can carry these requests, and this family is always there */
#define SOCKET_DATAGRAM 2
#define INTERFACE_UP 1

int op_loopback_up(struct ctx *c, const struct step *s) {
  (void)s;
  FD_AUTO sock = (int)sys(socket, FAMILY_UNIX, SOCKET_DATAGRAM | O_CLOEXEC, 0);
  if (sock < 0)
    return fail(c, sock, "socket", NULL);
  struct interface_request request = {.name = "lo"};
  int err = (int)sys(ioctl, sock, SIOCGIFFLAGS, &request);
  if (!err && !(request.flags & INTERFACE_UP)) {
    request.flags |= INTERFACE_UP;
    err = (int)sys(ioctl, sock, SIOCSIFFLAGS, &request);
  }
  return err ? fail(c, err, "set the loopback interface up", "lo") : 0;
}

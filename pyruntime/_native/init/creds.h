/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_CREDS_H
#define PYR_CREDS_H

/* Makes a permitted capability effective. Returns 0 or -errno (-EPERM: not permitted). */
int cap_raise(int cap);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: what the init reads from files: the container's /etc/passwd, lines of
 * mountinfo, a key's description. The functions are the sources' own static ones, whose kernel
 * headers stand the C library's beside them ill: hence the builtins.
 */
#include "init/home.c"
#include "init/hostproc.c"
#include "init/process.c"
#include "init/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void passwd(const char *text, size_t size) {
  static struct ctx c;
  struct passwd_line line = {.len = 0};
  ctx_init(&c, -1);
  line.len = size < sizeof line.text ? size : sizeof line.text;
  memcpy(line.text, text, line.len);
  if (line_take(&c, &line, 1000) && __builtin_strncmp(c.home, "HOME=", 5) != 0)
    __builtin_abort();
}

static void mountinfo(const char *text) {
  struct line line;
  char *copy = __builtin_strdup(text); /* of its very size */
  if (copy != NULL && parse_line(copy, &line) && is_full(&line))
    (void)is_below(line.path, "/rootfs");
  __builtin_free(copy);
}

static void key(const char *text) {
  char *copy = __builtin_strdup(text);
  if (copy != NULL)
    (void)key_permissions(copy);
  __builtin_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = __builtin_malloc(size + 1);
  if (text == NULL)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  passwd(text, size);
  mountinfo(text);
  key(text);
  __builtin_free(text);
  return 0;
}

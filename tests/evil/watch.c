/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a container: looks at every process there is, over and over, until /stop exists, and
 * prints what it may see of an init: its executable, its descriptors. Ends with the rounds.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int see(const char *path, const char *part) {
  char text[512];
  ssize_t len = readlink(path, text, sizeof text - 1);
  if (len <= 0)
    return 0;
  text[len] = '\0';
  if (strstr(text, part) == NULL)
    return 0;
  printf("%s -> %s\n", path, text);
  return 1;
}

static void look(const char *pid) {
  char path[300];
  snprintf(path, sizeof path, "/proc/%s/exe", pid);
  if (see(path, "memfd:"))
    for (int fd = 3; fd < 12; fd++) {
      snprintf(path, sizeof path, "/proc/%s/fd/%d", pid, fd);
      see(path, "");
    }
}

int main(void) {
  long rounds = 0;
  for (; access("/stop", F_OK) != 0; rounds++) {
    DIR *proc = opendir("/proc");
    if (proc == NULL)
      return 1;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;)
      if (atoi(entry->d_name) > 1)
        look(entry->d_name);
    closedir(proc);
  }
  printf("rounds %ld\n", rounds);
  return 0;
}

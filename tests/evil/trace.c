/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a container, with CAP_SYS_PTRACE: takes hold of every process that comes, until /stop
 * exists, and prints what that process has and this one has not: capabilities, another root
 * or working directory, descriptors but the runtime's socket and the pidfd of itself. What it
 * looks at has still to become a program: its executable is a memfd. Ends with how many those
 * were.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_PID 100000

static char looked[LAST_PID];

static uint64_t permitted(const char *pid) {
  char path[64], line[256];
  unsigned long long mask = 0;
  snprintf(path, sizeof path, "/proc/%s/status", pid);
  FILE *status = fopen(path, "r");
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "CapPrm: %llx", &mask) == 1)
      break;
  if (status)
    fclose(status);
  return mask;
}

static int is_init(const char *pid) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/%s/exe", pid);
  ssize_t len = readlink(path, text, sizeof text - 1);
  text[len > 0 ? len : 0] = '\0';
  return strstr(text, "memfd:") != NULL;
}

static void place(const char *pid, const char *name) {
  char path[64];
  struct stat own, theirs;
  snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
  if (stat("/", &own) == 0 && stat(path, &theirs) == 0 &&
      (own.st_dev != theirs.st_dev || own.st_ino != theirs.st_ino))
    printf("%s is another one\n", name);
}

static void descriptors(const char *pid) {
  for (int fd = 3; fd < 32; fd++) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%s/fd/%d", pid, fd);
    ssize_t len = readlink(path, text, sizeof text - 1);
    text[len > 0 ? len : 0] = '\0';
    if (len > 0 && strncmp(text, "socket:", 7) != 0 && strcmp(text, "anon_inode:[pidfd]") != 0)
      printf("descriptor %s\n", text);
  }
}

/* Whether it was an init. */
static int look(const char *pid, uint64_t own) {
  int number = atoi(pid), status;
  if (ptrace(PTRACE_SEIZE, number, NULL, NULL) < 0)
    return 0;
  ptrace(PTRACE_INTERRUPT, number, NULL, NULL);
  if (waitpid(number, &status, __WALL) < 0 || !WIFSTOPPED(status))
    return 0;
  int found = is_init(pid);
  if (found) {
    uint64_t more = permitted(pid) & ~own;
    if (more != 0)
      printf("capabilities %llx\n", (unsigned long long)more);
    place(pid, "root");
    place(pid, "cwd");
    descriptors(pid);
  }
  ptrace(PTRACE_DETACH, number, NULL, NULL);
  return found;
}

int main(void) {
  int inits = 0;
  uint64_t own = permitted("self");
  while (access("/stop", F_OK) != 0) {
    DIR *proc = opendir("/proc");
    if (proc == NULL)
      return 1;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
      int pid = atoi(entry->d_name);
      if (pid <= 1 || pid >= LAST_PID || looked[pid])
        continue;
      looked[pid] = 1;
      inits += look(entry->d_name, own);
    }
    closedir(proc);
  }
  printf("inits %d\n", inits);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process sees of its container: who it is, where it is, what it may do.
 *
 * The only program of the hello bundle. It is linked statically, since its rootfs holds
 * nothing else, and it has no arguments and reads no input. A part that cannot be read is
 * named with its reason; the exit status is then 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

static int failures;

static void failed(const char *what, const char *path) {
  printf("  %s %s: %s\n", what, path, strerror(errno));
  failures++;
}

/* Prints the lines of a status-like file that begin with one of the NULL-ended prefixes. */
static void print_matching(const char *path, const char *const *prefixes) {
  char line[512];
  FILE *file = fopen(path, "re");

  if (!file) {
    failed("open", path);
    return;
  }
  while (fgets(line, sizeof(line), file)) {
    for (const char *const *prefix = prefixes; *prefix; prefix++) {
      if (!strncmp(line, *prefix, strlen(*prefix))) {
        printf("  %s", line);
      }
    }
  }
  fclose(file);
}

static void print_identity(void) {
  char cwd[PATH_MAX];
  gid_t groups[64];
  struct utsname name;
  int count = getgroups(64, groups);

  printf("pid %d, parent %d\n", getpid(), getppid());
  printf("uid %u, gid %u, groups", getuid(), getgid());
  for (int i = 0; i < count; i++) {
    printf(" %u", groups[i]);
  }
  printf(count > 0 ? "\n" : " none\n");
  if (uname(&name) < 0) {
    failed("uname", "");
  } else {
    printf("host %s, kernel %s %s\n", name.nodename, name.release, name.machine);
  }
  if (getcwd(cwd, sizeof(cwd))) {
    printf("directory %s\n", cwd);
  } else {
    failed("getcwd", "");
  }
}

static void print_namespaces(void) {
  static const char *const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};

  printf("namespaces\n");
  for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
    char path[32], target[64];
    ssize_t len;

    snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
    len = readlink(path, target, sizeof(target) - 1);
    if (len < 0) {
      failed("readlink", path);
      continue;
    }
    target[len] = '\0';
    printf("  %s\n", target);
  }
}

/* One line per mount: where, what kind, with which options (fields 5, 6 and 9 of mountinfo). */
static void print_mounts(void) {
  char line[4096], where[1024], options[512], kind[64];
  FILE *file = fopen("/proc/self/mountinfo", "re");

  printf("mounts\n");
  if (!file) {
    failed("open", "/proc/self/mountinfo");
    return;
  }
  while (fgets(line, sizeof(line), file)) {
    const char *rest = strstr(line, " - ");

    if (sscanf(line, "%*s %*s %*s %*s %1023s %511s", where, options) == 2 && rest &&
        sscanf(rest, " - %63s", kind) == 1) {
      printf("  %-24s %-8s %s\n", where, kind, options);
    }
  }
  fclose(file);
}

static void print_limits(void) {
  static const struct {
    int resource;
    const char *name;
  } limits[] = {
      {RLIMIT_NOFILE, "open files"}, {RLIMIT_NPROC, "processes"}, {RLIMIT_CORE, "core size"}};

  printf("limits\n");
  for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0) {
      failed("getrlimit", limits[i].name);
    } else if (limit.rlim_cur == RLIM_INFINITY) {
      printf("  %-12s unlimited\n", limits[i].name);
    } else {
      printf("  %-12s %llu\n", limits[i].name, (unsigned long long)limit.rlim_cur);
    }
  }
}

int main(void) {
  static const char *const caps[] = {
      "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs", "Seccomp:", NULL};

  printf("Hello from a container.\n");
  print_identity();
  print_namespaces();
  print_mounts();
  print_limits();
  printf("capabilities\n");
  print_matching("/proc/self/status", caps);
  return failures || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

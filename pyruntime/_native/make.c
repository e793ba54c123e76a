/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the build has the program do to itself:
 *
 *   --rehearse LOG DIRECTORIES SEED SITE -- ARGUMENT... [-- ARGUMENT...]...
 *       Start the interpreter as for a snapshot, then run each command in a process of its own
 *       and note which blocks of the heap it touches (watch.c). SITE: where the package is.
 *   --write-snapshot FILE DIRECTORIES SEED [LOG]
 *       The blocks that were touched go to the heap's hot part.
 *
 * With the same seed both ask for the same memory. Until all is loaded, the interpreter's objects
 * come from malloc, one block each; later ones from its own allocator, which gives back a block
 * that is none of its own to the one below.
 */
#include "embed.h"
#include "heap.h"
#include "launcher.h"
#include "snapshot.h"
#include "watch.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const PyMemAllocatorDomain domains[] = {PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
static PyMemAllocatorEx own[2];

static void *plain_malloc(void *unused, size_t size) { return malloc(size); }
static void *plain_calloc(void *unused, size_t count, size_t size) { return calloc(count, size); }
static void *plain_realloc(void *unused, void *p, size_t size) { return realloc(p, size); }
static void plain_free(void *unused, void *p) { free(p); }

static int failed(const char *what, const char *name) {
  say(what, name);
  return EXIT_NOT_FOUND;
}

/* The interpreter as it is to be saved, and what its heap's blocks have come to. */
static bool prepare(const char *directories, const char *seed, struct heap_layout *layout) {
  static char *name[] = {"pyruntime", NULL}; /* whatever the build's is */
  PyMemAllocatorEx plain = {NULL, plain_malloc, plain_calloc, plain_realloc, plain_free};
  if (heap_claim() == 0 || !heap_lay_out(layout))
    return false;
  for (int i = 0; i < 2; i++) {
    PyMem_GetAllocator(domains[i], &own[i]);
    PyMem_SetAllocator(domains[i], &plain);
  }
  PyStatus status = interpreter_start(1, name, strtoul(seed, NULL, 10));
  if (PyStatus_Exception(status) || !image_run(1, name, directories))
    return false;
  for (int i = 0; i < 2; i++)
    PyMem_SetAllocator(domains[i], &own[i]);
  *layout = heap_laid_out();
  return true;
}

static int snapshot_make(const char *path, const char *directories, const char *seed,
                         struct heap_layout layout) {
  if (!prepare(directories, seed, &layout))
    return failed("start the interpreter for ", path);
  if (layout.missed > layout.known_count / 100)
    say("little of the rehearsal is of use for ", path); /* slower, no worse */
  return snapshot_write(path) ? 0 : failed("write the snapshot ", path);
}

static void *shared(size_t count) {
  int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
  void *p = mmap(NULL, count * sizeof(uint32_t), prot, flags, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}

static void rehearse_one(int argc, char **argv, const struct heap_layout *layout) {
  PyObject *done = PyObject_CallFunction(arrange, "N", arguments(argc, argv));
  if (done == NULL)
    error_print();
  else if (!watch_heap(layout))
    failed("watch the heap", "");
  else
    snapshot_run(argc, argv);
  _exit(EXIT_NOT_FOUND);
}

/* The commands one after the other: each finds what those before have left in files. The first
 * that fails is the last.
 */
static bool rehearse_all(int argc, char **argv, const struct heap_layout *layout) {
  for (int start = 0, end; start < argc; start = end) {
    for (end = start + 1; end < argc && strcmp(argv[end], "--") != 0; end++)
      ;
    argv[start] = "pyruntime";
    pid_t pid = fork();
    if (pid == 0)
      rehearse_one(end - start, argv + start, layout);
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
      say("rehearsal failed: ", argv[end - 1]);
      return false;
    }
  }
  return true;
}

static int rehearse(int argc, char **argv) {
  struct heap_layout layout = {.log = shared(HEAP_LOG_MAX),
                               .owners = shared(HEAP_SIZE / HEAP_GRAIN)};
  if (layout.log == NULL || layout.owners == NULL)
    return failed("out of memory for ", argv[2]);
  if (!prepare(argv[3], argv[4], &layout) || layout.count > HEAP_LOG_MAX)
    return failed("start the interpreter for ", argv[2]);
  snprintf(site, PATH_MAX, "%s", argv[5]);
  if (!rehearse_all(argc - 6, argv + 6, &layout))
    return failed("rehearse for ", argv[2]);
  ssize_t size = (ssize_t)(layout.count * sizeof *layout.log);
  int fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = fd >= 0 && write(fd, layout.log, (size_t)size) == size && close(fd) == 0;
  return written ? 0 : failed("write ", argv[2]);
}

static bool log_read(const char *path, struct heap_layout *layout) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0)
    return false;
  layout->known_count = (uint32_t)((size_t)st.st_size / sizeof *layout->known);
  layout->known = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  return close(fd) == 0 && layout->known != MAP_FAILED;
}

int make_run(int argc, char **argv) {
  struct heap_layout layout = {.known = NULL};
  if (argc > 7 && strcmp(argv[1], "--rehearse") == 0)
    return rehearse(argc, argv);
  if ((argc != 5 && argc != 6) || strcmp(argv[1], "--write-snapshot") != 0)
    return -1;
  if (argc == 6 && !log_read(argv[5], &layout))
    return failed("read ", argv[5]);
  return snapshot_make(argv[2], argv[3], argv[4], layout);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pyruntime` on the PATH: executes the right interpreter on the package, isolated.
 *
 * A script with a "#!" line would not do: installers rewrite it and drop its flags, and
 * without -I -S the caller's PYTHON* variables and working directory choose the code that
 * runs as root. Nothing that the caller controls is read here: where things are follows from
 * /proc/self/exe (D is its directory), or was compiled in.
 *
 * Installed: D/../lib/python3.N/{site,dist}-packages/pyruntime, the highest N; with
 * D/python3.N, D/python3, /usr/bin/python3.N or /usr/local/bin/python3.N. What runs is the
 * package's libexec/pyruntime-3N.image (see pyruntime/_boot.py), else its __main__.py.
 * Built in place (PYR_TREE, PYR_PYTHON, PYR_SITE defined): the source tree, the interpreter of
 * the build, and its site-packages for the dependencies, handed over as -X pyruntime_site.
 */
#include "launcher.h"
#include "init/buffer.h"
#include "init/start.h"
#include "sys.h"
#include <linux/errno.h>
#include <linux/fcntl.h>

#define PATH_ROOM 4096
#define MINOR_FIRST 11
#define MINOR_LAST 40
#define ARGS_MAX 65536

static char interpreter[PATH_ROOM], script[PATH_ROOM];
static const char *arguments[ARGS_MAX];

void say(const char *what, const char *path) {
  char line[PATH_ROOM + 256];
  struct buffer b = {.data = line, .room = sizeof line};
  buffer_add(&b, "pyruntime: ");
  buffer_add(&b, what);
  buffer_add(&b, path);
  buffer_add(&b, "\n");
  sys(write, 2, line, b.len); /* nobody is left to tell when this fails */
}

/* A descriptor opened later must not become somebody's standard stream. */
bool streams_open(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (sys(fcntl, fd, F_GETFD, 0) != -EBADF)
      continue;
    if (sys(openat, AT_FDCWD, "/dev/null", O_RDWR) != fd)
      return false;
  }
  return true;
}

#ifndef PYR_TREE

static bool exists(const char *path) { return sys(faccessat, AT_FDCWD, path, 0) == 0; }

/* Joins up to three pieces into `to`. Returns whether they fit and name something. */
static bool path_try(char *to, const char *a, const char *b, const char *c) {
  struct buffer path = {.data = to, .room = PATH_ROOM};
  buffer_add(&path, a);
  buffer_add(&path, b);
  buffer_add(&path, c);
  return !path.cut && exists(to);
}

/* The file behind `path`, every link resolved, so that no virtual environment is set up. */
static bool path_resolve(char *path) {
  char link[64];
  struct buffer b = {.data = link, .room = sizeof link};
  long fd = sys(openat, AT_FDCWD, path, O_PATH | O_CLOEXEC);
  if (fd < 0)
    return false;
  buffer_add(&b, "/proc/self/fd/");
  buffer_decimal(&b, fd);
  long len = sys(readlinkat, AT_FDCWD, link, path, PATH_ROOM - 1);
  sys(close, fd);
  if (len <= 0 || len >= PATH_ROOM - 1)
    return false;
  path[len] = '\0';
  return true;
}

static bool interpreter_find(const char *dir, const char *version) {
  return (path_try(interpreter, dir, "/", version) || path_try(interpreter, dir, "/python3", "") ||
          path_try(interpreter, "/usr/bin/", version, "") ||
          path_try(interpreter, "/usr/local/bin/", version, "")) &&
         path_resolve(interpreter);
}

static bool from_image;

/* The image of the package in `lib`, which only the interpreter of that version can read. */
static bool image_find(const char *package, int minor) {
  char tail[64];
  struct buffer name = {.data = tail, .room = sizeof tail};
  buffer_add(&name, "libexec/pyruntime-3");
  buffer_decimal(&name, minor);
  buffer_add(&name, ".image");
  return from_image = path_try(script, package, "/", tail);
}

/* The package of D/../lib/python3.N; `version` becomes "python3.N". */
static bool package_find(const char *dir, struct buffer *version) {
  static const char *const places[] = {"/site-packages/pyruntime", "/dist-packages/pyruntime"};
  char lib[PATH_ROOM], package[PATH_ROOM];
  for (int minor = MINOR_LAST; minor >= MINOR_FIRST; minor--) {
    version->len = 0;
    buffer_add(version, "python3.");
    buffer_decimal(version, minor);
    if (!path_try(lib, dir, "/../lib/", version->data))
      continue;
    for (int i = 0; i < 2; i++)
      if (path_try(package, lib, places[i], "") &&
          (image_find(package, minor) || path_try(script, package, "/__main__.py", "")))
        return path_resolve(script);
  }
  return false;
}

static bool installation_find(void) {
  char dir[PATH_ROOM], name[32];
  struct buffer version = {.data = name, .room = sizeof name};
  long len = sys(readlinkat, AT_FDCWD, "/proc/self/exe", dir, sizeof dir - 1);
  if (len <= 0) {
    say("read link /proc/self/exe: is /proc mounted?", "");
    return false;
  }
  while (len > 0 && dir[len - 1] != '/')
    len--;
  dir[len > 1 ? len - 1 : len] = '\0';
  if (!package_find(dir, &version)) {
    say("find the package pyruntime in lib/python3.*/{site,dist}-packages beside ", dir);
    return false;
  }
  if (!interpreter_find(dir, name)) {
    say("find the interpreter ", name);
    return false;
  }
  return true;
}

/* Reads the image in one go; a script would be looked at as a zip archive first. */
#define IMAGE_COMMAND                                                                              \
  "import sys,marshal,posix;p=sys.argv.pop(1);f=posix.open(p,posix.O_CLOEXEC);"                    \
  "b=posix.read(f,posix.fstat(f).st_size);posix.close(f);"                                         \
  "exec(marshal.loads(b),{'__name__':'__main__','__file__':p,'IMAGE':b})"

/* The interpreter's own arguments; -B: an installation is never written to; -Xutf8: paths are
 * bytes, whatever the caller's locale. */
static int interpreter_arguments(const char **to) {
  static const char *const own[] = {"-I", "-S", "-B", "-Xutf8", "-c", IMAGE_COMMAND};
  int count = sizeof own / sizeof *own - (from_image ? 0 : 2);
  memcpy(to, own, (size_t)count * sizeof *own);
  return count;
}

#else

static bool installation_find(void) {
  struct buffer python = {.data = interpreter, .room = sizeof interpreter};
  struct buffer main = {.data = script, .room = sizeof script};
  buffer_add(&python, PYR_PYTHON);
  buffer_add(&main, PYR_TREE "/pyruntime/__main__.py");
  return true;
}

static int interpreter_arguments(const char **to) {
  static const char *const own[] = {"-I", "-S", "-Xutf8", "-X", "pyruntime_site=" PYR_SITE};
  memcpy(to, own, sizeof own);
  return sizeof own / sizeof *own;
}

#endif

/* Whether the program was called by a link of the name runc. */
static bool named_runc(const char *name) {
  const char *base = name;
  for (; *name != '\0'; name++)
    if (*name == '/')
      base = name + 1;
  return strlen(base) == 4 && memcmp(base, "runc", 4) == 0;
}

int program_main(int argc, char **argv, char **envp) {
  if (!streams_open() || !installation_find())
    return EXIT_NOT_FOUND;
  if (argc > ARGS_MAX - 9) {
    say("too many arguments", "");
    return EXIT_NOT_FOUND;
  }
  int count = 0;
  arguments[count++] = interpreter;
  count += interpreter_arguments(arguments + count);
  arguments[count++] = script;
  if (argc > 0 && named_runc(argv[0]))
    arguments[count++] = "--as=runc"; /* the interpreter is not told our name */
  for (int i = 1; i < argc; i++)
    arguments[count++] = argv[i];
  sys(execve, interpreter, arguments, envp);
  say("execute ", interpreter);
  return EXIT_NOT_FOUND;
}

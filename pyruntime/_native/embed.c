/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pyruntime` with the interpreter inside: what the launcher would execute, without a second
 * program to load, a library to look for and an image to read.
 *
 * It is the interpreter of the build (its static library), so it serves only beside that: in
 * an installation for the same Python version, while PYR_PYTHON is the very file that it was
 * built next to. Else, say after an update of the system's Python, it goes the launcher's way
 * and executes what is installed now.
 *
 * As there, nothing that the caller controls chooses the code: an isolated configuration, no
 * site, and a search path that follows from /proc/self/exe and what was compiled in.
 */
#include "embed.h"
#include "heap.h"
#include "init/start.h"
#include "launcher.h"
#include "snapshot.h"
#include <limits.h>
#include <marshal.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRING(text) #text
#define EXPANDED(text) STRING(text)
#define VERSION "python" EXPANDED(PY_MAJOR_VERSION) "." EXPANDED(PY_MINOR_VERSION)
#define IMAGE "/pyruntime/libexec/pyruntime-3" EXPANDED(PY_MINOR_VERSION) ".image"

/* A file of the build as bytes of this program, from `name` to `name`_end. */
#define EMBED(name, path)                                                                          \
  __asm__(".pushsection .rodata\n.balign 16\n" #name ":\n.incbin \"" path "\"\n" #name             \
          "_end:\n.byte 0\n.popsection\n");                                                        \
  extern const unsigned char name[], name##_end[];

EMBED(embedded_image, PYR_BUILT "/image")
EMBED(embedded_codecs, PYR_BUILT "/codecs_start.code")
EMBED(embedded_utf_8, PYR_BUILT "/utf_8.code")
EMBED(embedded_os, PYR_BUILT "/os_start.code")

PyMODINIT_FUNC PyInit__shim(void);
PyMODINIT_FUNC PyInit__direct(void);

/*
 * The second half of an interpreter's start (the import of files, codecs, standard streams) is
 * put off until something needs it, and nothing on the way of a container does. The interface
 * for that is provisional: a Python that is not known to have it starts as a whole.
 */
#if PY_VERSION_HEX < 0x030D0000
#define IN_HALVES 1
int _PySignal_Init(int install_handlers);
#else
#define IN_HALVES 0
#endif

/* complete(): the second half, once. */
static PyObject *complete(PyObject *unused, PyObject *none) {
#if IN_HALVES
  PyStatus status = _Py_InitializeMain();
  if (PyStatus_Exception(status))
    return PyErr_Format(PyExc_RuntimeError, "start the interpreter: %s", status.err_msg);
#endif
  Py_RETURN_NONE;
}

static PyMethodDef complete_method = {"complete", complete, METH_NOARGS, NULL};

char site[PATH_MAX];
static char boot_path[PATH_MAX + 64];

/* Sets `site` to the directory that holds the package, D/../lib/python3.N/{site,dist}-packages. */
static bool package_find(void) {
  static const char *const kinds[] = {"site", "dist"};
  char exe[PATH_MAX];
  ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
  if (len <= 0)
    return false;
  exe[len] = '\0';
  for (int i = 0; i < 2; i++) { /* the program's name and its directory's: no link is in it */
    char *slash = strrchr(exe, '/');
    if (slash == NULL)
      return false;
    *slash = '\0';
  }
  for (int i = 0; i < 2; i++) {
    int n = snprintf(site, sizeof site, "%s/lib/" VERSION "/%s-packages", exe, kinds[i]);
    if (n < 0 || (size_t)n >= sizeof site)
      return false;
    snprintf(boot_path, sizeof boot_path, "%s" IMAGE, site);
    if (access(boot_path, F_OK) == 0)
      return true;
  }
  return false;
}

/* Whether the interpreter that this is a copy of is still the installed one. */
static bool interpreter_same(void) {
  struct stat st;
  return stat(PYR_PYTHON, &st) == 0 && st.st_size == PYR_PYTHON_SIZE &&
         st.st_mtime == PYR_PYTHON_TIME && access(PYR_STDLIB "/os.py", F_OK) == 0;
}

/* The interpreter's arenas lie among the rest, so that a snapshot holds them. */
static void *arena_alloc(void *unused, size_t size) { return heap_take(size); }

static void arena_free(void *unused, void *p, size_t size) {}

static PyStatus path_append(PyWideStringList *list, const char *path) {
  wchar_t *wide = Py_DecodeLocale(path, NULL);
  PyStatus status = wide == NULL ? PyStatus_NoMemory() : PyWideStringList_Append(list, wide);
  PyMem_RawFree(wide);
  return status;
}

/* Everything that a search would find out: nothing is searched for then. */
static PyStatus paths_set(PyConfig *config) {
  struct {
    wchar_t **field;
    const char *value;
  } const all[] = {
      {&config->executable, PYR_PYTHON},       {&config->base_executable, PYR_PYTHON},
      {&config->prefix, PYR_PREFIX},           {&config->base_prefix, PYR_PREFIX},
      {&config->exec_prefix, PYR_EXEC_PREFIX}, {&config->base_exec_prefix, PYR_EXEC_PREFIX},
      {&config->stdlib_dir, PYR_STDLIB},
  };
  const char *const search[] = {PYR_STDLIB, PYR_DYNLOAD}; /* _boot.py adds the package's */
  PyStatus status = PyStatus_Ok();
  for (size_t i = 0; i < sizeof all / sizeof *all && !PyStatus_Exception(status); i++)
    status = PyConfig_SetBytesString(config, all[i].field, all[i].value);
  config->module_search_paths_set = 1;
  for (size_t i = 0; i < sizeof search / sizeof *search && !PyStatus_Exception(status); i++)
    status = path_append(&config->module_search_paths, search[i]);
  return status;
}

PyStatus interpreter_start(int argc, char **argv, unsigned long seed) {
  static struct _frozen frozen[] = {
      {.name = "encodings", .code = embedded_codecs, .is_package = 1},
      {.name = "encodings.utf_8", .code = embedded_utf_8},
      {.name = "os", .code = embedded_os},
      {.name = NULL},
  };
  PyObjectArenaAllocator arenas = {NULL, arena_alloc, arena_free};
  PyPreConfig before;
  PyConfig config;

  frozen[0].size = (int)(embedded_codecs_end - embedded_codecs);
  frozen[1].size = (int)(embedded_utf_8_end - embedded_utf_8);
  frozen[2].size = (int)(embedded_os_end - embedded_os);
  PyImport_FrozenModules = frozen;
  if (PyImport_AppendInittab("pyruntime._shim", PyInit__shim) < 0 ||
      PyImport_AppendInittab("pyruntime._direct", PyInit__direct) < 0)
    return PyStatus_NoMemory();
  PyObject_SetArenaAllocator(&arenas);

  PyPreConfig_InitIsolatedConfig(&before);
  before.utf8_mode = 1; /* paths are bytes, whatever the caller's locale */
  PyStatus status = Py_PreInitialize(&before);
  if (PyStatus_Exception(status))
    return status;
  PyConfig_InitIsolatedConfig(&config);
#if IN_HALVES
  config._init_main = 0;
#endif
  config.use_hash_seed = seed != 0;
  config.hash_seed = seed;
  config.site_import = 0;
  config.write_bytecode = 0;
  config.install_signal_handlers = 1;
  config.pathconfig_warnings = 0;
  status = paths_set(&config);
  if (!PyStatus_Exception(status))
    status = PyConfig_SetBytesArgv(&config, argc, argv);
  if (!PyStatus_Exception(status))
    status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
#if IN_HALVES
  if (!PyStatus_Exception(status) && _PySignal_Init(1) < 0)
    status = PyStatus_Error("signals");
#endif
  return status;
}

PyObject *arguments(int argc, char **argv) {
  PyObject *list = PyList_New(0);
  for (int i = 0; list != NULL && i < argc; i++) {
    PyObject *text = PyUnicode_DecodeFSDefault(argv[i]);
    if (text == NULL || PyList_Append(list, text) < 0)
      Py_CLEAR(list);
    Py_XDECREF(text);
  }
  return list;
}

/* Into a dictionary each; the first of a name counts, as for getenv(). False with an exception. */
static bool environment(PyObject *raw, PyObject *decoded) {
  for (char **at = environ; *at != NULL; at++) {
    const char *equals = strchr(*at, '=');
    if (equals == NULL)
      continue;
    Py_ssize_t name = equals++ - *at, value = (Py_ssize_t)strlen(equals);
    PyObject *pair[] = {PyBytes_FromStringAndSize(*at, name),
                        PyBytes_FromStringAndSize(equals, value),
                        PyUnicode_DecodeUTF8(*at, name, "surrogateescape"), /* as os.fsdecode */
                        PyUnicode_DecodeUTF8(equals, value, "surrogateescape")};
    bool done = pair[0] != NULL && pair[1] != NULL && pair[2] != NULL && pair[3] != NULL &&
                PyDict_SetDefault(raw, pair[0], pair[1]) != NULL &&
                PyDict_SetDefault(decoded, pair[2], pair[3]) != NULL;
    for (int i = 0; i < 4; i++)
      Py_XDECREF(pair[i]);
    if (!done)
      return false;
  }
  return true;
}

static PyObject *ignored_signals(void) {
  PyObject *found = PyList_New(0);
  for (int number = 1; found != NULL && number < NSIG; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) < 0 || action.sa_handler != SIG_IGN)
      continue;
    PyObject *value = PyLong_FromLong(number);
    if (value == NULL || PyList_Append(found, value) < 0)
      Py_CLEAR(found);
    Py_XDECREF(value);
  }
  return found;
}

/* After an exception before or behind what reports errors: the streams are needed. */
void error_print(void) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  Py_XDECREF(complete(NULL, NULL));
  PyErr_Restore(type, value, traceback);
  PyErr_Print();
}

static PyObject *resume; /* _boot.py's function, in a snapshot */
PyObject *arrange;

bool image_run(int argc, char **argv, const char *directories) {
  Py_ssize_t size = embedded_image_end - embedded_image;
  PyObject *code = PyMarshal_ReadObjectFromString((const char *)embedded_image, size);
  PyObject *image = PyMemoryView_FromMemory((char *)embedded_image, size, PyBUF_READ);
  PyObject *embedded = Py_BuildValue("NsNz", arguments(argc, argv), PYR_DYNLOAD,
                                     PyCFunction_New(&complete_method, NULL), directories);
  PyObject *globals =
      Py_BuildValue("{sssssNsNsO}", "__name__", "__main__", "__file__", boot_path, "IMAGE", image,
                    "EMBEDDED", embedded, "__builtins__", PyEval_GetBuiltins());
  if (code != NULL && globals != NULL) {
    Py_XDECREF(PyEval_EvalCode(code, globals, globals));
    resume = PyDict_GetItemString(globals, "continue_");
    arrange = PyDict_GetItemString(globals, "arrange");
  }
  if (PyErr_Occurred() == NULL)
    return resume != NULL;
  error_print();
  return false;
}

/* The saved interpreter was another process's main thread: it becomes this one's, as in a fork. */
void snapshot_run(int argc, char **argv) {
  PyObject *ignored = ignored_signals(), *raw = PyDict_New(), *decoded = PyDict_New();
  PyThreadState_Get()->thread_id = PyThread_get_thread_ident();
  PyOS_AfterFork_Child();
  PyOS_setsig(SIGPIPE, SIG_IGN);
  PyOS_setsig(SIGXFSZ, SIG_IGN);
  if (raw != NULL && decoded != NULL && environment(raw, decoded))
    PyObject_CallFunction(resume, "NsNNN", arguments(argc, argv), site, raw, decoded, ignored);
  error_print();
}

int main(int argc, char **argv) {
  if (!streams_open())
    return EXIT_NOT_FOUND;
  int made = snapshot_exists() ? -1 : make_run(argc, argv);
  if (made >= 0)
    return made;
  bool restored = snapshot_restore();
  if (!package_find() || !interpreter_same())
    return program_main(argc, argv, environ);
  if (restored) {
    snapshot_run(argc, argv);
    return EXIT_NOT_FOUND;
  }
  heap_claim(); /* where it is taken, memory comes from elsewhere and is not used again */
  PyStatus status = interpreter_start(argc, argv, 0);
  if (PyStatus_Exception(status)) {
    say("start the interpreter: ", status.err_msg == NULL ? "unknown cause" : status.err_msg);
    return EXIT_NOT_FOUND;
  }
  image_run(argc, argv, NULL);
  return EXIT_NOT_FOUND;
}
